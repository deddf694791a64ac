/** The last day of a part as stretches of one state each. */

import type { HealthHistory, HealthState } from './api/health';

export const STATE_WORDS: Record<HealthState, string> = {
  ok: 'In order',
  attention: 'Attention',
  fault: 'Fault',
  unknown: 'Not known',
};

export interface Segment {
  state: HealthState;
  percent: number;
}

/** Before its first change a part's state is not known: the server was off, or not asked. */
export function segments(history: HealthHistory, part: string): Segment[] {
  const whole = Math.max(1, history.to_utc - history.from_utc);
  const mine = history.changes.filter((change) => change.part === part);
  const found: Segment[] = [];
  let at = history.from_utc;
  let state: HealthState = 'unknown';
  const upTo = (time: number): void => {
    const percent = ((Math.min(history.to_utc, Math.max(at, time)) - at) / whole) * 100;
    const last = found.at(-1);
    if (percent > 0 && last?.state === state) last.percent += percent;
    else if (percent > 0) found.push({ state, percent });
    at = Math.max(at, time);
  };
  for (const change of mine) {
    upTo(change.t_utc);
    state = change.state;
  }
  upTo(history.to_utc);
  return found;
}
