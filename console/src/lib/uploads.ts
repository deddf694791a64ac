/** Words and figures of uploads. */

import type { Counter, UploadKeyRow, UploadSource } from './api/uploads';
import { length } from './words';

/** Sum of counters. */
export const sum = (counters: Record<string, Counter>): number => Object.values(counters).reduce((all, one) => all + one.number, 0);

/** One counter, 0 when there is none. */
export const count = (counters: Record<string, Counter>, name: string): number => counters[name]?.number ?? 0;

/** `3 unknown talkgroup, 1 incomplete`: what was refused, the most frequent first. */
export function reasons(counters: Record<string, Counter>): string {
  return Object.entries(counters)
    .sort(([, one], [, other]) => other.number - one.number)
    .map(([name, one]) => `${one.number} ${name}`)
    .join(', ');
}

/** How far a recorder's clock is from ours: `+2.1 s ahead`, `within 1 s`; empty while nothing tells. */
export function clockWords(row: Pick<UploadKeyRow, 'offset_ms'>): string {
  if (row.offset_ms === null) return '';
  if (Math.abs(row.offset_ms) < 1000) return 'within 1 s';
  const seconds = (Math.abs(row.offset_ms) / 1000).toFixed(1);
  return row.offset_ms > 0 ? `${seconds} s ahead` : `${seconds} s behind`;
}

/** From the end of a call to its arrival; a negative one means that the clock is ahead. */
export function lagWords(lag: number | null): string {
  if (lag === null) return '-';
  return lag < 0 ? `-${length(-lag)}` : length(lag);
}

/** Numbers of a list, by commas and spaces; throws with the word that is none. */
export function numbers(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map((word) => {
      const found = Number(word);
      if (!/^\d+$/.test(word) || found < 1) throw new Error(`expected whole numbers above 0, got ${word}`);
      return found;
    });
}

const STATES: Record<UploadSource['state'], string> = {
  waiting: 'Listening copy not made yet',
  ready: 'Listening copy made',
  unplayable: 'Kept as received, cannot be played',
  metadata: 'Only metadata kept',
};

/** What became of one received recording, with the reason when there is one. */
export const stateWords = (source: Pick<UploadSource, 'state' | 'reason'>): string =>
  source.reason ? `${STATES[source.state]}: ${source.reason}` : STATES[source.state];
