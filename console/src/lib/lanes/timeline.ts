/**
 * From the one clock of the lanes to the sound card's clock and back.
 *
 * Playing is a list of segments, each a straight piece: clock time against context time at one
 * speed. A loop, or silence that is skipped, begins a new segment. Pure: no audio, no timers.
 * Clock times are µs UTC, context times are seconds.
 */

export interface Loop {
  a: number;
  b: number;
}

export interface Rules {
  speed: number;
  skipSilence: boolean;
  loop: Loop | null;
  /** Where the lanes end. */
  end: number;
}

export interface Segment {
  /** Clock. */
  from: number;
  to: number;
  /** Context, when `from` is heard. */
  atS: number;
  speed: number;
}

export interface Heard {
  id: string;
  from: number;
  to: number;
}

/** Silence up to this is kept as it is: a pause in speech belongs to it. */
export const KEPT_SILENCE_US = 800_000;
/** Of skipped silence this much is left before the next sound. */
export const LEAD_US = 300_000;

const lengthS = (segment: Segment): number => (segment.to - segment.from) / 1e6 / segment.speed;

export const endS = (segment: Segment): number => segment.atS + lengthS(segment);

/** Sound as disjoint stretches in order; what is nearer than the kept silence belongs together. */
export function audibleSpans(sounds: readonly Heard[]): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = [];
  for (const one of [...sounds].sort((x, y) => x.from - y.from)) {
    const last = spans.at(-1);
    if (last && one.from - last.to <= KEPT_SILENCE_US) last.to = Math.max(last.to, one.to);
    else spans.push({ from: one.from, to: one.to });
  }
  return spans;
}

/** Where the clock goes next from `at`: `[from, to]` to be played, or null at the end. */
export function nextPiece(at: number, rules: Rules, spans: readonly { from: number; to: number }[]): { from: number; to: number } | null {
  const { loop } = rules;
  const looping = loop !== null && loop.b > loop.a;
  const limit = looping && at < loop.b ? loop.b : rules.end;
  if (at >= limit) return null;
  if (!rules.skipSilence) return { from: at, to: limit };
  const next = spans.find((one) => one.to > at && one.from < limit);
  if (!next) return null;
  const from = next.from - LEAD_US > at ? next.from - LEAD_US : at;
  return { from, to: Math.min(next.to, limit) };
}

/** Lengthen a run of segments until it reaches `untilS`; begins at `at` when there is none. */
export function extend(
  run: readonly Segment[],
  at: number,
  nowS: number,
  untilS: number,
  rules: Rules,
  sounds: readonly Heard[],
): { run: Segment[]; ended: boolean } {
  const spans = rules.skipSilence ? audibleSpans(sounds) : [];
  const segments = [...run];
  const { loop } = rules;
  const looping = loop !== null && loop.b > loop.a;
  let last = segments.at(-1);
  while ((last ? endS(last) : nowS) < untilS) {
    let clock = last ? last.to : at;
    if (looping && clock >= loop.b) clock = loop.a;
    let piece = nextPiece(clock, rules, spans);
    if (!piece && looping && clock > loop.a) piece = nextPiece(loop.a, rules, spans);
    // Nothing is left, or (a loop without any sound) nothing ever comes.
    if (!piece || piece.to <= piece.from) return { run: segments, ended: true };
    const next: Segment = { from: piece.from, to: piece.to, atS: last ? endS(last) : nowS, speed: rules.speed };
    segments.push(next);
    last = next;
  }
  return { run: segments, ended: false };
}

/** What the clock shows at a context time; null before the first segment. */
export function clockAt(run: readonly Segment[], nowS: number): number | null {
  let found: number | null = null;
  for (const segment of run) {
    if (nowS < segment.atS) break;
    found = Math.min(segment.to, segment.from + (nowS - segment.atS) * 1e6 * segment.speed);
  }
  return found;
}

export interface Start {
  id: string;
  /** Context time at which it is heard. */
  whenS: number;
  /** Into the recording, at its own speed. */
  offsetS: number;
  /** Of the recording's own time. */
  lengthS: number;
}

/** Which recordings begin where in a segment. */
export function starts(segment: Segment, sounds: readonly Heard[]): Start[] {
  const found: Start[] = [];
  for (const one of sounds) {
    const from = Math.max(one.from, segment.from);
    const to = Math.min(one.to, segment.to);
    if (to <= from) continue;
    found.push({
      id: one.id,
      whenS: segment.atS + (from - segment.from) / 1e6 / segment.speed,
      offsetS: (from - one.from) / 1e6,
      lengthS: (to - from) / 1e6,
    });
  }
  return found;
}

/** Drop what is over, so that the run does not grow without end. */
export function trimmed(run: readonly Segment[], nowS: number): Segment[] {
  const kept = run.filter((segment) => endS(segment) > nowS - 1);
  return kept.length > 0 ? kept : run.slice(-1);
}
