/** Words of a call for the result table and its sheet. */

import type { FoundCall, FoundText, FullSheet, SheetAlarm } from './api/auditdesk';
import type { Transmission } from './api/types';
import { aliasAndId, technologyName, unitNumber } from './air';
import { OUTCOMES } from './facets';
import { clock, colleague, dayClock, length, ms } from './words';

/** The first over of a call that can be played. */
export function playable(call: { transmissions: Transmission[] }): Transmission | undefined {
  return call.transmissions.find((row) => row.has_sound && row.readable);
}

/** `B 101 (1220101) + 1`: who talked, radios before desks. */
export function unitsShort(call: FoundCall): string {
  const names = allUnits(call);
  const [head, ...rest] = names;
  if (!head) return 'Unknown unit';
  return rest.length > 0 ? `${head} + ${rest.length}` : head;
}

/** Everybody who talked in a call, each once. */
export function allUnits(call: Pick<FoundCall, 'units' | 'transmissions'>): string[] {
  const radios = call.units.map((unit) => aliasAndId(unit.alias, unit.id));
  const desks = call.transmissions.flatMap((row) => (row.position ? [colleague(row.position, row.operator)] : []));
  return [...new Set([...radios, ...desks])].filter(Boolean);
}

/** Who talked in an over: `B 101 (1220101)` or `Position 3, S. Holm`. */
export function overWords(row: Transmission): string {
  if (row.position) return colleague(row.position, row.operator);
  return aliasAndId(row.alias, row.talker) || unitNumber(row.talker) || 'Unknown unit';
}

const KINDS: Record<string, string> = { note: 'Note', text: 'Text', message: 'Text', status: 'Status' };

/** Notes and texts of a call for one line of the table: `Note, S. Holm: ...`. */
export function textLines(call: FoundCall): { lead: string; parts: { text: string; hit: boolean }[] }[] {
  const found: FoundText[] = call.texts ?? call.notes.map((note) => ({ kind: 'note', who: note.operator ?? note.by ?? '', text: note.text, t_utc: note.t_utc }));
  return found.map((one) => ({ lead: lead(one), parts: hits(one.text, one.marks ?? []) }));
}

function lead(found: FoundText): string {
  const kind = KINDS[found.kind] ?? found.kind.replace(/_/g, ' ');
  if (found.kind === 'note') return `${kind}, ${short(found.who)}: `;
  if (found.to) return `${kind} to ${found.to}: `;
  return found.who ? `${kind} from ${found.who}: ` : `${kind}: `;
}

/** A text in parts; those that the server found are marked. */
export function hits(text: string, marks: readonly (readonly [number, number])[]): { text: string; hit: boolean }[] {
  const letters = [...text]; // places count characters, not halves of a surrogate pair
  const parts: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of marks) {
    if (from > at) parts.push({ text: letters.slice(at, from).join(''), hit: false });
    parts.push({ text: letters.slice(from, to).join(''), hit: true });
    at = to;
  }
  if (at < letters.length) parts.push({ text: letters.slice(at).join(''), hit: false });
  return parts;
}

/** `S. Holm` of `Sara Holm`. */
function short(name: string): string {
  const words = name.trim().split(/\s+/);
  return words.length > 1 ? `${(words[0] ?? '').charAt(0)}. ${words.at(-1) ?? ''}` : name;
}

/** `46 calls`, `more than 10,000 calls`. */
export function totalWords(total: number, more: boolean): string {
  const figure = total.toLocaleString('en-GB');
  return more ? `More than ${figure} calls` : `${figure} call${total === 1 ? '' : 's'}`;
}

export const outcomeWords = (outcome: string): string => OUTCOMES.find((one) => one.id === outcome)?.name ?? outcome.replace(/_/g, ' ');

/** `Pressed 14:29:51 in mid-call, acknowledged after 10 s by Sara Holm, to the radio: sent`. */
export function alarmWords(alarm: SheetAlarm, startedUtc: number): string {
  const late = alarm.raised_utc - startedUtc > 1_500_000;
  const parts = [`${alarm.exercise ? 'EXERCISE, pressed' : alarm.no_exercise ? 'NO EXERCISE, pressed' : 'Pressed'} ${clock(ms(alarm.raised_utc))}${late ? ' in mid-call' : ''}`];
  if (alarm.ack_utc === null) parts.push('not acknowledged');
  else parts.push(`acknowledged after ${length(ms(alarm.ack_utc - alarm.raised_utc))} by ${alarm.ack_by}`);
  if (alarm.way) parts.push(`to the radio: ${alarm.way.replace(/_/g, ' ')}${alarm.way_reason ? ` (${alarm.way_reason})` : ''}`);
  if (alarm.ended_utc !== null) parts.push(`ended ${clock(ms(alarm.ended_utc))}: ${alarm.end_reason.replace(/_/g, ' ')}`);
  return parts.join(', ');
}

/** `Norrvik C, Hamnen terminal`. */
export function wayWords(sheet: FullSheet): string {
  const way = sheet.way;
  if (!way) return '-';
  return [way.site, way.link_name, way.link_kind === 'pei' ? 'terminal on PEI' : ''].filter(Boolean).join(', ') || '-';
}

/** `41, TETRA 901-1001, group 310201`. */
export function planWords(sheet: FullSheet): string {
  const way = sheet.way;
  const system = way?.technology ? `${technologyName(way.technology)} ${way.network || way.system}`.trim() : '';
  const group = way?.group === null || way?.group === undefined ? '' : `${way.technology === 'p25' ? 'talkgroup' : 'group'} ${way.group}`;
  return [sheet.plan ?? '', system, group].filter(Boolean).join(', ') || '-';
}

const CLASSES: Record<string, string> = {
  call: 'Ordinary calls',
  emergency_call: 'Emergency calls',
  private_call: 'Private calls',
  incident: 'Incidents',
};

export function retentionWords(retention: FoundCall['retention']): string {
  if (!retention) return '-';
  const name = CLASSES[retention.class] ?? retention.class.replace(/_/g, ' ');
  return `${name}, ${retention.expires_utc ? `due ${dayClock(retention.expires_utc).slice(0, -9)} ${new Date(ms(retention.expires_utc)).getFullYear()}` : 'no end'}`;
}

const VERBS: Record<string, string> = {
  'recording.play': 'played',
  'call.open': 'opened the sheet',
  'call.search': 'searched calls',
  'lanes.open': 'opened lanes',
  'recording.closed': 'recording closed',
  'recording.export': 'exported',
  'evidence.export': 'exported',
};

export const verbWords = (verb: string): string => VERBS[verb] ?? verb.replace(/[._]/g, ' ');
