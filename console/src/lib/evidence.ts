/** What an export is made of, and the words of packages. Pure. */

import type { EvidencePackage, PackageAsk } from './api/evidence';

/** One lane of the player, or one thing that can be left out of a package. */
export interface ExportLane {
  kind: 'talkgroup' | 'unit' | 'camera' | 'written' | 'incident' | 'operator';
  id: string;
  name: string;
  /** How many items it has in the time; left out where nobody has counted. */
  items?: number;
  /** Why it gives no sound, in words; such a lane begins unchosen. */
  note?: string;
}

/**
 * What `ExportDialog` is opened with. With `calls`: exactly these; with `lanes`: what is chosen of
 * them between the times; with only an `incident`: its confirmed calls, stills and clips.
 */
export interface ExportSelection {
  from_utc?: number | undefined;
  to_utc?: number | undefined;
  incident?: { id: string; label: string } | undefined;
  order?: { id: string; number: string } | undefined;
  calls?: readonly string[] | undefined;
  units?: readonly string[] | undefined;
  lanes?: readonly ExportLane[] | undefined;
  /** A part of the time (the loop A to B) that can be muted in a redacted copy. */
  part?: { from_utc: number; to_utc: number } | undefined;
  /** Ask for the times too. */
  editable?: boolean | undefined;
}

export const FEWEST = 10;
const EMPTY = new Set(['investigation', 'test', 'testing', 'police', 'check', 'checking', 'n/a', 'none', 'work', 'control', 'incident', 'case', 'evidence']);

/** What is wrong with a purpose in words, or nothing. The server has the last word. */
export function purposeFault(text: string, hasNumber: boolean): string {
  const words = text.trim();
  if (words === '' && hasNumber) return '';
  const plain = words.toLowerCase().replace(/[\s.]+$/u, '');
  if (EMPTY.has(plain) || words.length < FEWEST) {
    return hasNumber && !EMPTY.has(plain) ? '' : `Too general. Say what the recipient needs it for, ${FEWEST} characters or more.`;
  }
  return '';
}

/** The part of a request that says what goes in; `chosen` are keys of lanes. */
export function scopeOf(selection: ExportSelection, chosen: ReadonlySet<string>): Partial<PackageAsk> {
  const lanes = (selection.lanes ?? []).filter((lane) => chosen.has(laneKey(lane)));
  const ids = (kind: ExportLane['kind']): string[] => lanes.filter((lane) => lane.kind === kind).map((lane) => lane.id);
  const scope: Partial<PackageAsk> = {};
  if (selection.calls?.length) scope.calls = [...selection.calls];
  if (selection.units?.length) scope.units = [...selection.units];
  if (selection.order) scope.order = selection.order.id;
  if (!selection.lanes) {
    if (selection.incident) scope.incident = selection.incident.id;
  } else {
    scope.talkgroups = ids('talkgroup');
    scope.cameras = ids('camera');
    const record = ids('incident')[0];
    if (record) scope.incident = record;
    if (ids('operator').length > 0) scope.desk = true;
  }
  if (selection.from_utc && selection.to_utc && !scope.calls && (selection.lanes || !scope.incident)) {
    scope.from_utc = selection.from_utc;
    scope.to_utc = selection.to_utc;
  }
  return scope;
}

export const laneKey = (lane: Pick<ExportLane, 'kind' | 'id'>): string => `${lane.kind} ${lane.id}`;

/** Lanes that begin chosen: those with something in them that can be packed. */
export function firstChosen(selection: ExportSelection): Set<string> {
  const lanes = selection.lanes ?? [];
  return new Set(lanes.filter((lane) => packable(lane, selection) && (lane.items ?? 0) > 0 && !lane.note).map(laneKey));
}

/** Operator actions leave only when an order names them; units are overs of a talkgroup. */
export function packable(lane: ExportLane, selection: ExportSelection): boolean {
  if (lane.kind === 'operator') return selection.order !== undefined;
  return lane.kind !== 'unit';
}

/** A hash in groups of four, eight a line. */
export function groups(hash: string): string[] {
  const fours = hash.match(/.{1,4}/gu) ?? [];
  return [fours.slice(0, 8).join(' '), fours.slice(8).join(' ')].filter(Boolean);
}

export function bytes(size: number): string {
  if (size < 1_000_000) return `${Math.max(1, Math.round(size / 1000))} kB`;
  return size < 1_000_000_000 ? `${(size / 1_000_000).toFixed(1)} MB` : `${(size / 1_000_000_000).toFixed(2)} GB`;
}

const DAY_US = 86_400_000_000;

/** State of a package in words. */
export function stateWords(one: EvidencePackage, nowUs: number): string {
  if (one.state === 'erased') return 'Erased';
  if (one.state === 'refused') return `Refused by ${one.names[one.refused_by] ?? one.refused_by}`;
  if (one.approval === '') return 'Original of a redacted copy, nobody was asked';
  if (one.state === 'waiting') {
    const missing = one.approvers.filter((id) => !one.approvals.some((vote) => vote.by === id));
    return `Waits for ${missing.map((id) => one.names[id] ?? id).join(', ')}`;
  }
  const first = Math.min(...one.approvals.map((vote) => vote.t_utc));
  if (nowUs - first > DAY_US) return one.released_utc ? 'Has left' : 'Approval is over a day old';
  return one.released_utc ? 'Has left, may be fetched again' : 'Approved';
}

/** Whether the file may be fetched now. */
export function mayLeave(one: EvidencePackage, nowUs: number): boolean {
  return one.state === 'approved' && one.approvals.length > 0 && nowUs - Math.min(...one.approvals.map((vote) => vote.t_utc)) <= DAY_US;
}

export function whatWords(one: Pick<EvidencePackage, 'recordings' | 'media'>): string {
  const sound = `${one.recordings.length} ${one.recordings.length === 1 ? 'recording' : 'recordings'}`;
  if (one.media.length === 0) return sound;
  const pictures = `${one.media.length} ${one.media.length === 1 ? 'still or clip' : 'stills and clips'}`;
  return one.recordings.length === 0 ? pictures : `${sound}, ${pictures}`;
}

export function whyWords(purpose: EvidencePackage['purpose']): string {
  return [`${purpose.code} ${purpose.ref ?? ''}`.trim(), purpose.text ?? ''].filter(Boolean).join(': ');
}
