/** Words of the retention board, of holds and of orders. */

import type { BoardRow, ErasureRow, HoldInfo, OrderInfo, PolicyVersion } from './api/retention';
import { dayClock, many } from './words';

const DAY_US = 86_400_000_000;

/** `24 Nov 2026`, in the viewer's zone. */
export function day(us: number | null | undefined): string {
  if (us === null || us === undefined) return '-';
  return new Date(us / 1000).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

export const minute = (us: number): string => dayClock(us).slice(0, -3);

/** `90 days`, `2 years` where it comes out even. */
export function daysWords(days: number | null): string {
  if (days === null) return 'as calls';
  const years = Math.round(days / 365.25);
  if (years > 1 && Math.abs(days - years * 365.25) <= 1) return many(years, 'year');
  return many(days, 'day');
}

export function alarmWords(row: BoardRow, backup: number | null): string {
  if (!row.alarm) return '';
  const what = many(row.unsaved, 'object');
  return backup === null ? `${what} in no backup, erased within 48 h` : `${what} newer than the last backup, erased within 48 h`;
}

const OBJECTS: Record<string, string> = {
  call: 'call',
  message: 'text',
  position: 'place',
  unit_status: 'status',
  media: 'still or clip',
  camera_event: 'camera event',
  camera_unread: 'unread camera message',
  mark: 'mark',
  telemetry: 'desk setting',
  incident: 'incident',
  log_words: 'month of log words',
};

export const objectWords = (type: string): string => OBJECTS[type] ?? type;

/** `3 calls, 1 text`; `nothing yet` for none. */
export function objectsWords(counts: Record<string, number>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([type, count]) => counted(count, objectWords(type))).join(', ') || 'nothing yet';
}

function counted(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return word === 'still or clip' ? `${count} stills and clips` : word === 'status' ? `${count} statuses` : word === 'month of log words' ? `${count} months of log words` : `${count} ${word}s`;
}

/** Numbers as people paste them: one a line, or with commas; each once. */
export function idLines(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/u).filter(Boolean))];
}

export function erasureWords(row: ErasureRow): string {
  switch (row.state) {
    case 'listed':
      return row.needs_two ? 'Listed: needs a second person' : 'Listed';
    case 'waiting':
      return 'Waits for a second person';
    case 'running':
      return `Erasing, ${row.progress} of ${row.planned}`;
    case 'cancelled':
      return 'Cancelled';
    default:
      return row.skipped ? `Erased ${row.erased}, kept ${row.skipped}` : `Erased ${row.erased}`;
  }
}

export const kindWords = (row: ErasureRow): string =>
  row.kind === 'daily' ? 'Daily' : row.kind === 'early' ? 'Before its time' : 'On demand';

export function holdWords(hold: HoldInfo): string {
  if (hold.state === 'lifted') return `Lifted by ${hold.lifted_name} with ${hold.lifted_with}, ${minute(hold.lifted_utc ?? 0)}`;
  if (hold.state === 'overdue') return `Review overdue since ${day(hold.review_utc)}`;
  return `Review by ${day(hold.review_utc)}`;
}

/** Whole days until a deadline, in words. */
export function deadlineWords(order: OrderInfo, nowUs: number): string {
  if (order.state !== 'open') return order.state === 'answered' ? 'Answered' : 'Withdrawn';
  const left = order.deadline_utc - nowUs;
  if (left < 0) return `Overdue since ${minute(order.deadline_utc)}`;
  if (left < DAY_US) return `Due today or tomorrow, ${minute(order.deadline_utc)}`;
  return `${many(Math.floor(left / DAY_US), 'day')} left, ${minute(order.deadline_utc)}`;
}

export function tellWords(tell: string): string {
  return tell === 'yes' ? 'Persons may be told' : `Persons not to be told before ${tell.replace('not_before:', '')}`;
}

/** The time of an order as it was asked, with the answer about a doubled hour. */
export function askedWords(order: OrderInfo): string {
  const { asked } = order.scope;
  const one = (local: string, answer: string): string => `${local.replace('T', ' ')}${answer ? ` (${answer} time)` : ''}`;
  return `${one(asked.from, asked.from_answer)} to ${one(asked.to, asked.to_answer)}, ${asked.zone}`;
}

export function scopeWords(order: OrderInfo): string {
  const { scope } = order;
  const parts = [
    scope.talkgroups.length ? `talkgroups ${scope.talkgroups.join(', ')}` : '',
    scope.units.length ? `units ${scope.units.join(', ')}` : '',
    scope.cameras.length ? `cameras ${scope.cameras.join(', ')}` : '',
    scope.places.length ? many(scope.places.length, 'place') : '',
    scope.telemetry ? 'desk telemetry' : '',
  ];
  return parts.filter(Boolean).join('; ');
}

export function versionWords(row: PolicyVersion): string {
  if (row.state === 'active') return row.waits ? `In force; shorter times from ${day(row.effective_utc)}` : 'In force';
  if (row.state === 'draft') return row.approval ? 'Waits for a second person' : 'Draft';
  return row.state === 'past' ? 'Past' : 'Withdrawn';
}

/** SHA-256 of a file as hex, made here: the file goes nowhere. */
export async function sha256Of(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
