/** Words and figures as the console writes them; one place, so that they stay the same. */

import type { Alarm, Claim, Message, RxState, TxState, UnitInfo } from './api/types';
import { actWords } from './unit_acts';

/** Microseconds to milliseconds. */
export const ms = (us: number): number => us / 1000;

/** `14:32:07` in local time. */
export function clock(atMs: number, utc = false): string {
  const date = new Date(atMs);
  const parts = utc
    ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** `14:32`. */
export const hourMinute = (us: number): string => clock(ms(us)).slice(0, 5);

/** `24 Nov 14:32:07`. */
export function dayClock(us: number): string {
  const date = new Date(ms(us));
  const month = date.toLocaleString('en-GB', { month: 'short' });
  return `${date.getDate()} ${month} ${clock(ms(us))}`;
}

/** Age in a list: `now`, `12 s`, `4 min`, `2 h`, `3 d`. */
export function age(sinceUs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - ms(sinceUs)) / 1000));
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Running time: `0:07`. */
export function running(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Length of something that ended: `6 s`, `2 min 16 s`, `320 ms`. */
export function length(millis: number | null | undefined): string {
  if (millis === null || millis === undefined) return '-';
  if (millis < 1000) return `${Math.round(millis)} ms`;
  const seconds = Math.round(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A name cut in its middle, so that its number at the end stays: `RÄDDNING…RÅDE 12`. */
export function middle(name: string, most = 18): string {
  if (name.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${name.slice(0, head).trimEnd()}…${name.slice(name.length - (most - 1 - head)).trimStart()}`;
}

/** `Position 5, E. Lund` for a colleague, `Test, K. Berg` for a test transmission of a link; the initial is enough beside a full family name. */
export function colleague(position: string, operator: string): string {
  const words = operator.trim().split(/\s+/).filter(Boolean);
  const where = position.startsWith('test:') ? 'Test' : `Position ${position}`;
  if (words.length === 0) return where;
  const family = words[words.length - 1] ?? '';
  const short = words.length > 1 ? `${(words[0] ?? '').charAt(0)}. ${family}` : family;
  return `${where}, ${short}`;
}

/** Who talks: alias, else number, else `Unknown unit`. */
export function talkerName(row: {
  alias: string;
  talker: string | null;
  position: string | null;
  operator: string;
  via?: string;
}): string {
  const through = row.via ? ` via ${row.via}` : '';
  if (row.position) return `${colleague(row.position, row.operator)}${through}`;
  if (row.alias) return `${row.alias}${through}`;
  return `${row.talker ? (row.talker.split('/')[1] ?? row.talker) : 'Unknown unit'}${through}`;
}

export const RX_WORDS: Record<RxState, string> = {
  quiet: 'quiet',
  receiving: 'receiving',
  receiving_encrypted: 'receiving, encrypted',
  encrypted_unreadable: 'encrypted: cannot be heard',
  late_entry: 'receiving, joined late',
  recall: 'replay',
  muted: 'muted',
  offline: 'offline',
  stale: 'no news',
};

export const TX_WORDS: Record<TxState, string> = {
  idle: '',
  requesting: 'Requesting',
  queued: 'Queued',
  on_air: 'ON AIR',
  ending: 'Ending',
  denied: 'Refused',
  preempted: 'Pre-empted',
  fault: 'Not sent',
};

/** Two-line word in a pad of 56 px. */
export const PAD_WORDS: Record<TxState, string> = {
  idle: '',
  requesting: 'Request',
  queued: 'Queued',
  on_air: 'ON AIR',
  ending: 'Ending',
  denied: 'Refused',
  preempted: 'Pre-\nempted',
  fault: 'Not sent',
};

const WAYS: Record<string, string> = {
  sent: 'sent',
  confirmed: 'confirmed',
  not_sent: 'not sent',
  not_possible: 'not possible on this link',
};

/** How far the acknowledgement came: `to the radio: sent`. */
export function wayWords(alarm: Pick<Alarm, 'way' | 'way_reason'>): string {
  if (!alarm.way) return 'to the radio: waiting';
  const word = WAYS[alarm.way] ?? alarm.way;
  return alarm.way_reason ? `to the radio: ${word} (${alarm.way_reason})` : `to the radio: ${word}`;
}

/** `EMERGENCY`, `EXERCISE`, `NO EXERCISE` where exercises are expected, or with its age when it came late from a spool. */
export function alarmWord(alarm: Pick<Alarm, 'exercise'> & { no_exercise?: boolean }): string {
  if (alarm.exercise) return 'EXERCISE';
  return alarm.no_exercise ? NO_EXERCISE : 'EMERGENCY';
}

/** A real emergency on a talkgroup for exercises: whoever looks there expects none. */
export const NO_EXERCISE = 'NO EXERCISE';

export const END_REASONS = [
  ['handled', 'Handled'],
  ['accidental_press', 'Accidental press'],
  ['no_cause_found', 'No cause found'],
  ['duplicate', 'Duplicate'],
] as const;

export const CLOSE_REASONS = [
  ['handled', 'Handled'],
  ['no_cause_found', 'No cause found'],
  ['false_alarm', 'False alarm'],
  ['duplicate', 'Duplicate'],
] as const;

const MESSAGE_STATES: Record<string, string> = {
  queued: 'Waiting for the radio',
  accepted: 'Accepted by the radio',
  sent: 'Sent on air',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Failed',
  unknown: 'Not known whether it was sent',
};
const CONFIRMED = ['delivered', 'read'];

/** Delivery of a text, never more than known. */
export function deliveryWords(state: string, reason: string): string {
  const word = MESSAGE_STATES[state] ?? state;
  return reason && !CONFIRMED.includes(state) ? `${word}: ${reason}` : word;
}

/** One of the separate claims about a message: what it says, and since when it is known. */
export interface Mark {
  claim: Claim;
  words: string;
  at: number | null;
}

/** The claims that can ever be known of a message: a group and a status give no receipt. */
export function marks(row: Message): Mark[] {
  const act = actWords(row.kind);
  if (act) {
    const claims: [Claim, string][] = [
      ['sent', 'On air'],
      ['delivered', row.kind === 'status_query' && row.reason ? `Answered: ${row.reason}` : act.done],
    ];
    return claims.map(([claim, text]) => ({ claim, words: text, at: row.claims[claim] }));
  }
  const words: [Claim, string][] = [
    ['accepted', 'Accepted'],
    ['sent', 'On air'],
  ];
  if (row.kind === 'position_request') words.push(['delivered', 'Answered']);
  if (row.kind === 'text' && row.talkgroup === null) words.push(['delivered', 'Delivered'], ['read', 'Read']);
  return words.map(([claim, text]) => ({ claim, words: text, at: row.claims[claim] }));
}

/** What is to be known of a received message beside its text; empty where all is well. */
export function oddities(row: Message): string[] {
  const told: string[] = [];
  if (row.parts_missing > 0) told.push(`${row.parts_missing} of ${row.parts} parts did not arrive`);
  else if (row.guessed) told.push(`${row.coding || 'unknown coding'}: the text is a guess`);
  if (row.written) told.push(`written ${row.written.replace('T', ' ').replace('Z', ' UTC')}`);
  if (row.opta) told.push(`OPTA ${row.opta}`);
  if (row.itsi) told.push(`ITSI ${row.itsi}`);
  return told;
}

const LINK_STATES: Record<string, string> = {
  closed: 'Closed',
  starting: 'Starting',
  up: 'Up',
  unregistered: 'No network',
  down: 'Down',
};

export const linkState = (state: string): string => LINK_STATES[state] ?? state;

/** `1 call`, `3 calls`. */
export const many = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `fix 4 s old, ± 20 m`; only what the radio stated. */
export function fixWords(position: UnitInfo['position'], nowMs: number): string {
  if (!position) return 'no fix';
  const seconds = Math.max(0, Math.floor((nowMs - ms(position.t_utc)) / 1000)) + (position.age_s ?? 0);
  const old = age((nowMs - seconds * 1000) * 1000, nowMs);
  const error = position.error_m === null ? '' : `, ± ${Math.round(position.error_m)} m`;
  return `fix ${old} old${error}`;
}

/** Distance in m or km between two places (haversine on a sphere of 6 371 km). */
export function distanceM(
  a: { latitude_deg: number; longitude_deg: number },
  b: { latitude_deg: number; longitude_deg: number },
): number {
  const rad = Math.PI / 180;
  const dLat = (b.latitude_deg - a.latitude_deg) * rad;
  const dLon = (b.longitude_deg - a.longitude_deg) * rad;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.latitude_deg * rad) * Math.cos(b.latitude_deg * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.sqrt(h));
}
