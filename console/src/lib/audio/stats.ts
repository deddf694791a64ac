/**
 * What the browser measures of this desk's sound: delays, levels, losses, and which packet is
 * played when. It goes to the server every few seconds, is kept there for an hour under the
 * position, and says nothing of who talks or listens.
 */

export interface DeskClock {
  offset_ms: number;
  error_ms: number;
}

export interface Played {
  rtp: number;
  at_ms: number;
}

export interface HeardReport {
  talkgroup: string;
  packets: number;
  lost: number;
  jitter_ms: number | null;
  buffer_ms: number | null;
  samples: number;
  concealed: number;
  level_dbfs: number | null;
  peak_dbfs: number | null;
  played: Played[];
}

export interface DeskReport {
  clock: DeskClock | null;
  output_ms: number | null;
  round_trip_ms: number | null;
  heard: HeardReport[];
  spoken: {
    latency_ms: number | null;
    packets: number;
    lost: number;
    jitter_ms: number | null;
    level_dbfs: number | null;
  } | null;
}

/** The server's clock around one request, in microseconds. */
export interface Answered {
  received_utc: number;
  t_utc: number;
}

type Row = Record<string, unknown>;

const MAX_PLAYED = 12;
const MAX_HEARD = 33;
const KEPT_CLOCKS = 12;
const PAUSE_POWER = 1e-6;
const PACKET_SAMPLES = 960;
const LOWEST_DBFS = -96;
const LONGEST_MS = 60_000;

/** Milliseconds since 1970 by the clock that the browser's own time stamps use. */
export const pageNow = (): number => performance.timeOrigin + performance.now();

const number = (row: Row | undefined, name: string): number => {
  const value = Number(row?.[name] ?? 0);
  return Number.isFinite(value) ? value : 0;
};
const known = (row: Row | undefined, name: string): boolean => typeof row?.[name] === 'number';
const grown = (now: Row, before: Row | undefined, name: string): number =>
  Math.max(0, number(now, name) - number(before, name));
const bounded = (ms: number): number => Math.min(LONGEST_MS, Math.max(0, Math.round(ms * 10) / 10));

/** RMS level of an energy (full scale 1) over some seconds of sound; null of silence. */
export function levelDbfs(energy: number, seconds: number): number | null {
  if (energy <= 0 || seconds <= 0) return null;
  const dbfs = 10 * Math.log10(energy / seconds);
  return dbfs > LOWEST_DBFS ? Math.min(0, Math.round(dbfs * 10) / 10) : null;
}

/** The exchange with the shortest way there and back tells most of the server's clock. */
export class ServerClock {
  #exchanges: DeskClock[] = [];

  note(sentMs: number, gotMs: number, answered: Answered): void {
    const there = answered.received_utc / 1000;
    const back = answered.t_utc / 1000;
    const way = Math.max(0, gotMs - sentMs - (back - there));
    const offset = (sentMs + gotMs) / 2 - (there + back) / 2;
    this.#exchanges = [...this.#exchanges, { offset_ms: offset, error_ms: bounded(way / 2) }].slice(-KEPT_CLOCKS);
  }

  get best(): DeskClock | null {
    return this.#exchanges.reduce<DeskClock | null>(
      (best, one) => (best === null || one.error_ms < best.error_ms ? one : best),
      null,
    );
  }
}

/** Sound of one track at moments between two reports; pauses are left out. */
export interface Loudness {
  moments: number;
  power: number;
  peak: number;
}

/** Figures of one track between two looks at the browser's counters; null when nothing came. */
export function heardBetween(
  talkgroup: string,
  now: Row,
  before: Row | undefined,
  played: Played[],
  loud?: Loudness,
): HeardReport | null {
  const packets = grown(now, before, 'packetsReceived');
  const lost = grown(now, before, 'packetsLost');
  if (packets === 0 && lost === 0) return null;
  const emitted = grown(now, before, 'jitterBufferEmittedCount');
  const delay = grown(now, before, 'jitterBufferDelay');
  const concealed = grown(now, before, 'concealedSamples') - grown(now, before, 'silentConcealedSamples');
  const samples = (packets + lost) * PACKET_SAMPLES;
  // the browser's own energy counters stand still while its muted element plays the track
  const level = loud ? levelDbfs(loud.power, loud.moments) : null;
  const peak = loud ? levelDbfs(loud.peak ** 2, 1) : null;
  return {
    talkgroup,
    packets,
    lost,
    jitter_ms: known(now, 'jitter') ? bounded(number(now, 'jitter') * 1000) : null,
    buffer_ms: emitted > 0 ? bounded((delay / emitted) * 1000) : null,
    samples,
    concealed: Math.round(Math.min(samples, Math.max(0, concealed))),
    level_dbfs: level,
    peak_dbfs: level === null ? null : Math.max(level, peak ?? level),
    played,
  };
}

type Measure = (talkgroup: string) => { power: number; peak: number } | null;

interface Line {
  mid: string | null;
  receiver: RTCRtpReceiver;
}

export class DeskStats {
  readonly clock = new ServerClock();
  #before = new Map<string, Row>();
  #played = new Map<string, Played[]>();
  #loud = new Map<string, Loudness>();

  /** Note which packet each track gives to be played now, and how loud it is. */
  sample(lines: ReadonlyMap<string, Line>, measure: Measure): void {
    for (const [talkgroup, line] of lines) {
      this.#listen(talkgroup, measure(talkgroup));
      const source = line.receiver.getSynchronizationSources()[0];
      if (!source) continue;
      // some browsers count from the page's start, others from 1970
      const at = source.timestamp > 1e11 ? source.timestamp : performance.timeOrigin + source.timestamp;
      const kept = this.#played.get(talkgroup) ?? [];
      if (kept.at(-1)?.rtp === source.rtpTimestamp || pageNow() - at > 2_000) continue;
      this.#played.set(talkgroup, [...kept, { rtp: source.rtpTimestamp, at_ms: at }].slice(-MAX_PLAYED));
    }
  }

  #listen(talkgroup: string, heard: { power: number; peak: number } | null): void {
    if (!heard || heard.power < PAUSE_POWER) return;
    const loud = this.#loud.get(talkgroup) ?? { moments: 0, power: 0, peak: 0 };
    this.#loud.set(talkgroup, {
      moments: loud.moments + 1,
      power: loud.power + heard.power,
      peak: Math.max(loud.peak, heard.peak),
    });
  }

  /** Figures since the last report. */
  report(
    rows: Iterable<Row>,
    lines: ReadonlyMap<string, Line>,
    sound: { outputMs: number | null; inputMs: number | null },
  ): DeskReport {
    const all = [...rows];
    const talkgroups = new Map([...lines].map(([talkgroup, line]) => [line.mid ?? '', talkgroup]));
    const heard: HeardReport[] = [];
    for (const row of all) {
      if (row['type'] !== 'inbound-rtp') continue;
      const talkgroup = talkgroups.get(String(row['mid'] ?? ''));
      if (!talkgroup) continue;
      const played = this.#played.get(talkgroup) ?? [];
      const one = heardBetween(talkgroup, row, this.#take(row), played, this.#loud.get(talkgroup));
      if (one) heard.push(one);
    }
    this.#played.clear();
    this.#loud.clear();
    const pair = all.find((row) => row['type'] === 'candidate-pair' && row['nominated'] === true && known(row, 'currentRoundTripTime'));
    return {
      clock: this.clock.best,
      output_ms: sound.outputMs === null ? null : bounded(sound.outputMs),
      round_trip_ms: pair ? bounded(number(pair, 'currentRoundTripTime') * 1000) : null,
      heard: heard.slice(0, MAX_HEARD),
      spoken: this.#spoken(all, sound.inputMs),
    };
  }

  #spoken(rows: Row[], inputMs: number | null): DeskReport['spoken'] {
    const of = (type: string): Row | undefined => rows.find((row) => row['type'] === type && row['kind'] === 'audio');
    const [sent, source, remote] = [of('outbound-rtp'), of('media-source'), of('remote-inbound-rtp')];
    if (!sent) return null;
    const packets = grown(sent, this.#take(sent), 'packetsSent');
    const before = source ? this.#take(source) : undefined;
    const level = source
      ? levelDbfs(grown(source, before, 'totalAudioEnergy'), grown(source, before, 'totalSamplesDuration'))
      : null;
    const lost = remote ? grown(remote, this.#take(remote), 'packetsLost') : 0;
    if (packets === 0) return null;
    return {
      latency_ms: inputMs === null ? null : bounded(inputMs),
      packets,
      lost,
      jitter_ms: known(remote, 'jitter') ? bounded(number(remote, 'jitter') * 1000) : null,
      level_dbfs: level,
    };
  }

  /** The counters as they were at the last report, kept anew. */
  #take(row: Row): Row | undefined {
    const id = String(row['id']);
    const before = this.#before.get(id);
    this.#before.set(id, row);
    return before;
  }
}
