/** What the auditor's desk asks: found calls, sheets, lanes, saved searches and marks. Times are µs UTC. */

import type { UploadSource } from './uploads';
import { api, path, withQuery, type Query } from './client';
import type { CallRow, CallSheet, Integrity } from './types';

/** A note or message of a call in which words were found. */
export interface FoundText {
  kind: string;
  who: string;
  text: string;
  t_utc: number;
  /** Receiver of what a desk sent. */
  to?: string;
  /** Found words: first character, and the one behind the last. */
  marks?: [number, number][];
}

export interface FoundCall extends CallRow {
  site?: string;
  system?: string;
  texts?: FoundText[];
  grant_ms?: number | null;
  bit_error_rate?: number | null;
  held?: boolean;
  /** Name of the recorder that uploaded it; empty for what our own links heard. */
  uploaded?: string;
  /** Patches that its talkgroup was in. */
  patches?: { id: string; label: string }[];
  incidents?: (string | { id: string; label: string })[];
  tags?: string[];
}

export interface FoundCalls {
  calls: FoundCall[];
  /** Exact up to 10,000. */
  total: number;
  /** There are more than `total`. */
  total_more?: boolean;
  cursor?: string | number | null;
}

export interface Witnessed {
  name: string;
  size: number;
  at_utc: number | null;
  /** What the witness saw reaches as far as this recording's entry. */
  covers: boolean;
  stale: boolean;
  fault: string;
}

export interface Proof extends Integrity {
  size?: number;
  witnesses?: Witnessed[];
  stamp?: { size: number; at_utc: number | null; covers: boolean; fault: string } | null;
}

export interface SheetAlarm {
  id: string;
  alias: string;
  raised_utc: number;
  ack_utc: number | null;
  ack_by: string;
  way: string;
  way_reason: string;
  exercise: boolean;
  no_exercise?: boolean;
  late: boolean;
  ended_utc: number | null;
  ended_by: string;
  end_reason: string;
}

export interface Press {
  wait_ms: number | null;
  source: string;
  queued: boolean;
  cause: string;
}

export interface HoldRow {
  id?: string;
  reason?: string;
  by?: string;
  since_utc?: number;
}

export interface FullSheet extends Omit<CallSheet, 'integrity'> {
  integrity?: Proof | null;
  way?: {
    link_name: string;
    link_kind: string;
    site: string;
    system: string;
    technology: string;
    network: string;
    group: number | null;
  } | null;
  alarms?: SheetAlarm[];
  /** By transmission: how long the desk's own press waited. */
  presses?: Record<string, Press>;
  /** Call-control lines of the terminal. */
  lines?: { t_utc: number; outgoing: boolean; raw: string; words: string }[];
  hold_reason?: string;
  holds?: HoldRow[];
  /** What the data protection officer put beside it. */
  corrections?: { kind: string; note: string; since_utc: number; object: string }[];
  /** Recordings of it as other recorders uploaded them. */
  uploads?: UploadSource[];
}

export interface SavedSearch {
  id: string;
  name: string;
  query: string;
  made_utc: number;
}

export interface MarkRow {
  id: string;
  t_utc: number;
  text: string;
  who: string;
  mine: boolean;
  talkgroups: string[];
}

export type LaneKind = 'talkgroup' | 'unit' | 'camera' | 'written' | 'incident' | 'operator';

export interface LaneItem {
  id: string;
  from_utc: number;
  to_utc: number | null;
  kind: string;
  title: string;
  text: string;
  emergency: boolean;
  has_sound: boolean;
  readable: boolean;
  why_no_sound: string;
  peaks_url: string | null;
  play_url: string | null;
  /** By how much the camera's clock was off; already corrected in the times. */
  offset_ms: number | null;
  /** There is nothing here, and `title` says why. */
  gap: boolean;
  /** Call of an over, for its sheet. */
  call?: string | null;
  who?: string;
  /** Name of the recorder that uploaded it. */
  uploaded?: string;
}

export interface LaneRow {
  kind: LaneKind;
  id: string;
  name: string;
  sub: string;
  items: LaneItem[];
  /** There were more items than are shown. */
  cut?: boolean;
}

export interface LanesAnswer {
  from_utc: number;
  to_utc: number;
  lanes: LaneRow[];
  drift_max_ms: number | null;
}

export const auditdesk = {
  search: (query: Query): Promise<FoundCalls> => api.get(withQuery('/calls', query)),
  sheet: (call: string): Promise<FullSheet> => api.get(path`/calls/${call}`),
  lanes: (query: Query): Promise<LanesAnswer> => api.get(withQuery('/lanes', query)),
  searches: (): Promise<SavedSearch[]> => api.get('/searches'),
  saveSearch: (name: string, query: string): Promise<SavedSearch> => api.post('/searches', { name, query }),
  removeSearch: (id: string): Promise<unknown> => api.delete(path`/searches/${id}`),
  marks: (from_utc: number, to_utc: number): Promise<MarkRow[]> => api.get(withQuery('/marks', { from_utc, to_utc })),
  setMark: (t_utc: number, text: string, talkgroups: string[]): Promise<MarkRow> =>
    api.post('/marks', { t_utc, text, talkgroups }),
  withdrawMark: (id: string): Promise<unknown> => api.delete(path`/marks/${id}`),
  cameras: (): Promise<{ id: string; name: string }[]> => api.get('/cameras'),
};
