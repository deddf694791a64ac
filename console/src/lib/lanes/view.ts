/** The window of time in view: zoom, pan, ticks, and where things stand in it. Times are µs UTC. */

export interface View {
  from: number;
  to: number;
}

export const S_US = 1_000_000;
export const MIN_SPAN_US = 4 * S_US;

export const span = (view: View): number => view.to - view.from;

/** Place of a moment in the window, 0 at its left, 1 at its right; may lie outside. */
export const share = (view: View, at: number): number => (at - view.from) / span(view);

export const timeAt = (view: View, place: number): number => view.from + place * span(view);

/** The same width, moved so that it lies within the bounds. */
export function within(view: View, bounds: View): View {
  const width = Math.min(Math.max(span(view), Math.min(MIN_SPAN_US, span(bounds))), span(bounds));
  const from = Math.min(Math.max(view.from, bounds.from), bounds.to - width);
  return { from, to: from + width };
}

/** Wider (`factor` > 1) or narrower, with the moment `at` staying where it is. */
export function zoom(view: View, factor: number, at: number, bounds: View): View {
  const width = Math.min(Math.max(span(view) * factor, MIN_SPAN_US), span(bounds));
  const place = Math.min(1, Math.max(0, share(view, at)));
  const from = at - place * width;
  return within({ from, to: from + width }, bounds);
}

/** To the side by a share of the window. */
export function pan(view: View, by: number, bounds: View): View {
  const step = by * span(view);
  return within({ from: view.from + step, to: view.to + step }, bounds);
}

/** The window that keeps a moment in view: as it is, or moved so that the moment stands at a quarter. */
export function follow(view: View, at: number, bounds: View): View {
  const place = share(view, at);
  if (place >= 0 && place <= 0.95) return view;
  const from = at - span(view) / 4;
  return within({ from, to: from + span(view) }, bounds);
}

const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Moments at round times, at most `most` of them in the window. */
export function ticks(view: View, most: number): { at: number; step: number }[] {
  const seconds = span(view) / S_US;
  const stepS = STEPS_S.find((step) => seconds / step <= most) ?? 7200;
  const step = stepS * S_US;
  // Whole steps of local time: in a zone with half hours, full hours must still be full.
  const zone = -new Date(view.from / 1000).getTimezoneOffset() * 60 * S_US;
  const first = Math.ceil((view.from + zone) / step) * step - zone;
  const found = [];
  for (let at = first; at < view.to; at += step) found.push({ at, step });
  return found;
}

/** A stretch of time in the window as shares, cut to it; null when none of it is in view. */
export function placed(view: View, from: number, to: number): { left: number; width: number } | null {
  if (to < view.from || from > view.to) return null;
  const left = Math.max(0, share(view, from));
  return { left, width: Math.max(0, Math.min(1, share(view, to)) - left) };
}

/**
 * Which of the moments of a lane are drawn, and how many each stands for: those nearer than `apart`
 * (a share of the window) to the one before are counted to it. `keep` is always drawn.
 */
export function thinned<T extends { id: string; from_utc: number }>(
  view: View,
  moments: readonly T[],
  apart: number,
  keep: string | null,
): { moment: T; more: number }[] {
  const drawn: { moment: T; more: number }[] = [];
  for (const moment of moments) {
    const last = drawn.at(-1);
    const near = last !== undefined && share(view, moment.from_utc) - share(view, last.moment.from_utc) < apart;
    if (last && near && moment.id !== keep) last.more += 1;
    else drawn.push({ moment, more: 0 });
  }
  return drawn;
}

/** How far a text may go before the next thing of its lane begins; in shares of the window. */
export function roomAfter(view: View, starts: readonly number[], index: number): number {
  const at = share(view, starts[index] ?? view.to);
  const next = starts[index + 1];
  return Math.max(0, (next === undefined ? 1 : Math.min(1, share(view, next))) - Math.max(0, at));
}
