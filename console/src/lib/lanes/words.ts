/** What stands on the lanes and beside the clock. */

import type { LaneItem, LaneRow } from '../api/auditdesk';
import { verbWords } from '../sheet';
import { clock, length, ms } from '../words';

/** `14:29:53.4`. */
export const tenths = (us: number): string => `${clock(ms(us))}.${Math.floor((us % 1_000_000) / 100_000)}`;

/** `14:30` at whole minutes, else `14:29:40`. */
export const tickWords = (at: number, step: number): string => (step >= 60_000_000 ? clock(ms(at)).slice(0, 5) : clock(ms(at)));

/** `24 Nov 2026`. */
export function dateWords(us: number): string {
  const date = new Date(ms(us));
  return `${date.getDate()} ${date.toLocaleString('en-GB', { month: 'short' })} ${date.getFullYear()}`;
}

export function driftWords(driftMs: number | null, lanes: number): string {
  const on = `${lanes} lane${lanes === 1 ? '' : 's'} on one clock`;
  if (driftMs === null || driftMs === 0) return on;
  return `${on}, largest drift ${(Math.abs(driftMs) / 1000).toFixed(1)} s corrected`;
}

/** Why an item gives no sound: `No key: activity only`. */
export function silentWords(item: LaneItem): string {
  const why = item.why_no_sound;
  if (!why && !item.readable) return 'No key: activity only';
  return why ? why.charAt(0).toUpperCase() + why.slice(1) : '';
}

/** A position's lane is named by its number alone. */
export const laneName = (lane: Pick<LaneRow, 'kind' | 'id' | 'name'>): string =>
  lane.kind === 'operator' && lane.id.startsWith('position:') ? `Position ${lane.name}` : lane.name;

/** What an item is called; acts of the log in words. */
export const titleOf = (item: LaneItem): string => {
  if (item.kind === 'access' || item.kind === 'entry') return verbWords(item.title);
  return item.uploaded ? `${item.title}, uploaded by ${item.uploaded}` : item.title;
};

/** One item in one sentence, for its name and for the list. */
export function itemWords(lane: LaneRow, item: LaneItem): string {
  const what = [titleOf(item), item.emergency && !/emergency/i.test(item.title) ? 'emergency' : ''].filter(Boolean).join(', ');
  const long = item.to_utc === null ? '' : length(ms(item.to_utc - item.from_utc));
  return [`${tenths(item.from_utc)}, ${laneName(lane)}: ${what}`, item.who && lane.kind === 'operator' ? item.who : '', item.text, long, item.has_sound ? '' : silentWords(item)].filter(Boolean).join(', ');
}

/** What is heard now, for the line beside the clock. */
export function heardWords(rows: readonly LaneRow[], at: number): string {
  const now = rows
    .filter((row) => row.kind === 'talkgroup')
    .flatMap((row) => row.items.filter((item) => item.from_utc <= at && (item.to_utc ?? 0) > at && !item.gap).map((item) => ({ row, item })));
  return now.map(({ row, item }) => `${item.title} on ${row.name}${item.emergency ? ', emergency' : ''}`).join('; ');
}

/** Height of a bar: quiet speech must still be seen, so not the sample's own measure. */
export const loudness = (peak: number): number => Math.sqrt(Math.min(1, Math.max(0, peak)));

/** Bars of a waveform of 0..1 values as one path in a box of 200 x 32. */
export function wavePath(peaks: readonly number[]): string {
  const step = 200 / Math.max(1, peaks.length);
  return peaks
    .map((peak, i) => {
      const half = Math.max(0.6, Math.min(15, loudness(peak) * 15));
      return `M${(i * step).toFixed(1)} ${(16 - half).toFixed(1)}h${(step * 0.55).toFixed(2)}v${(half * 2).toFixed(1)}h-${(step * 0.55).toFixed(2)}z`;
    })
    .join('');
}
