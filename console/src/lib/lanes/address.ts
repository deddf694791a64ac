/** The lane player's address: what is on the lanes, and the window of time. Times are µs UTC. */

import type { FoundCall } from '../api/auditdesk';

export const MAX_TALKGROUPS = 16;
export const MAX_SPAN_US = 2 * 3_600_000_000;
const AROUND_US = 10_000_000;
const LEAST_US = 60_000_000;

export interface LaneQuery {
  from: number;
  to: number;
  talkgroup: string[];
  unit: string[];
  camera: string[];
  incident: string;
  /** Where the clock stands. */
  at: number | null;
}

/** Read what to show; null when there is no window of time (an incident alone tells its own). */
export function readLanes(query: URLSearchParams): LaneQuery {
  const time = (key: string): number => {
    const value = Number(query.get(key) ?? '');
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  };
  const many = (key: string): string[] => [...new Set(query.getAll(key).filter(Boolean))];
  const from = time('from');
  const to = time('to');
  return {
    from,
    to: from > 0 ? Math.min(to > from ? to : from + LEAST_US, from + MAX_SPAN_US) : 0,
    talkgroup: many('talkgroup').slice(0, MAX_TALKGROUPS),
    unit: many('unit'),
    camera: many('camera'),
    incident: query.get('incident') ?? '',
    at: time('at') || null,
  };
}

export function writeLanes(lanes: LaneQuery): URLSearchParams {
  const query = new URLSearchParams();
  if (lanes.incident) query.set('incident', lanes.incident);
  if (lanes.from > 0) {
    query.set('from', String(Math.round(lanes.from)));
    query.set('to', String(Math.round(lanes.to)));
  }
  for (const key of ['talkgroup', 'unit', 'camera'] as const) for (const id of lanes[key]) query.append(key, id);
  if (lanes.at !== null) query.set('at', String(Math.round(lanes.at)));
  return query;
}

/** Address of the lanes of some calls: their talkgroups, from a little before to a little after. */
export function lanesAddress(
  calls: readonly Pick<FoundCall, 'talkgroup' | 'started_utc' | 'ended_utc' | 'duration_ms'>[],
  more: { incident?: string; units?: readonly string[]; at?: number; order?: readonly string[] } = {},
): string {
  const ends = calls.map((call) => call.ended_utc ?? call.started_utc + (call.duration_ms ?? 0) * 1000);
  const to = Math.max(...ends) + AROUND_US;
  const from = Math.max(Math.min(...calls.map((call) => call.started_utc)) - AROUND_US, to - MAX_SPAN_US);
  const talkgroup = [...new Set(calls.filter((call) => call.started_utc >= from).map((call) => call.talkgroup))];
  // As on the board, so that a talkgroup is found where it always is.
  const place = (id: string): number => (more.order ?? []).indexOf(id);
  talkgroup.sort((a, b) => place(a) - place(b));
  const query = writeLanes({
    from,
    to: Math.max(to, from + LEAST_US),
    talkgroup: talkgroup.slice(0, MAX_TALKGROUPS),
    unit: [...(more.units ?? [])],
    camera: [],
    incident: more.incident ?? '',
    at: more.at ?? null,
  });
  return `#/audit/lanes?${query.toString()}`;
}
