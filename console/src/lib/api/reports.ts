/** What the pages day sheet, access log, integrity, reports, extracts and records ask. Times are µs UTC. */

import { api, path, withQuery, type Query } from './client';

export interface CountRow {
  group: string;
  total: number;
  ops: Record<string, number | undefined>;
}
export interface VerbCount {
  verb: string;
  words: string;
  count: number;
}
export interface Witness {
  name: string;
  size: number;
  at_utc: number | null;
  minutes_ago: number | null;
  fault: string;
  stale: boolean;
}
export interface DaySheet {
  room: string;
  day: string;
  zone: string;
  shifts: string[];
  from_utc: number;
  to_utc: number;
  so_far: boolean;
  entries: number;
  by_operation: { op: string; words: string; count: number }[];
  by_site: CountRow[];
  by_shift: CountRow[];
  folded: boolean;
  reasons: { group: string; stated: number; typed: number; typed_percent: string | null }[];
  denied: VerbCount[];
  failed: VerbCount[];
  late: number;
  break_glass: number;
  given_out: number;
  erased: number;
  orders: { number: string; authority: string; deadline_utc: number; days_left: number; overdue: boolean }[];
  holds: { standing: number; review_due: number };
  floods: { incident: string; source: string; events: number }[];
  approvals_waiting: number;
  clock: { steps: { t_utc: number; step_ms: number }[]; steps_total: number; state: string | null };
  completeness: { at_utc: number; complete: boolean; findings: Record<string, number> } | null;
  log: {
    origin: string;
    size: number;
    head_size: number;
    head_whole: boolean;
    root: string;
    writable: boolean;
    reason: string;
    witnesses: Witness[];
    unwitnessed: boolean;
    radio_text: string;
  };
  kept: { sha256: string; entry_seq: number | null; made_utc: number; unchanged: boolean } | null;
}

export interface TrailRow {
  seq: number;
  t_utc: number;
  op: string;
  op_words: string;
  verb: string;
  words: string;
  who: { id: string; name: string; role: string; organisation: string };
  from: Record<string, string>;
  object: { type: string; words: string; id: string; label: string; personal: boolean } | null;
  purpose: { code: string; words: string; ref: string; text: string | null; basis: string } | null;
  result: string;
  late: boolean;
  recipient: { name?: string; country?: string; basis?: string } | null;
  detail: Record<string, unknown>;
  on_duty?: string | null;
}
export interface TrailPage {
  rows: TrailRow[];
  total: number;
  total_more: boolean;
  cursor: number | null;
  duty?: { position: string; from_utc: number; to_utc: number | null }[];
}
export interface Account {
  id: string;
  name: string;
  role: string;
  organisation: string;
  disabled: boolean;
}

export interface VerifyResult {
  ok: boolean;
  size: number;
  root: string;
  checkpoints: number;
  newest_checkpoint: number | null;
  consistency_proofs: number;
  trust: string;
  witnessed: string[];
  faults: string[];
  warnings: string[];
  took_ms: number;
  at_utc: number;
}
export interface LogState {
  size: number;
  root: string;
  head: { size: number | null };
  writable: boolean;
  reason: string;
  spooled: number;
  witness: Omit<Witness, 'minutes_ago'>[] | null;
  stamp: { size: number; fault: string } | null;
}
export interface VerifyState {
  running: { started_utc: number; done: number; of: number } | null;
  last: VerifyResult | null;
}
export interface IntegrityInfo {
  checkpoints: { size: number; root: string; at_utc: number }[];
  key: string;
  clock: { words: string; followed: boolean | null; error_ms: number | null; steps: number };
  does_not_prove: string[];
}
export interface EntryProof {
  seq: number;
  entry: Record<string, unknown>;
  covered: boolean;
  leaf?: string;
  steps?: string[];
  size?: number;
  root?: string;
  at_utc?: number;
  proof?: string;
}
export interface LogExport {
  id: string;
  approval: string;
  state: 'asked' | 'made' | 'expired';
  size: number;
  root: string;
  recipient: { name: string; country: string; basis: string };
  purpose: { code: string; ref: string; text: string | null };
  digest: string;
  asked_utc: number;
  made_utc: number | null;
  sha256: string;
  size_bytes: number;
}

export interface ReportTable {
  id: string;
  title: string;
  words: string;
  by: string;
  columns: { key: string; words: string; kind: string }[];
  rows: Record<string, string | number | null>[];
  notes: string[];
  withheld: boolean;
}

export interface ExtractHead {
  id: string;
  kind: string;
  ref: string;
  state: 'draft' | 'released';
  made_name: string;
  made_utc: number;
  released_name: string;
  released_utc: number | null;
}
export interface ExtractRow {
  seq: number;
  t_utc: number;
  op: string;
  words: string;
  object_words: string;
  code: string;
  purpose_words: string;
  ref: string;
  text: string;
  recipient: string;
  left_out: { why: string; until_utc: number | null; by_hand: boolean } | null;
}
export interface Extract extends ExtractHead {
  subject: { kind: string; value: string };
  total: number;
  left_out: number;
  offset: number;
  rows: ExtractRow[];
}

export interface Section {
  title: string;
  columns: string[];
  rows: string[][];
}
export interface Breach {
  operations: number;
  by_operation: { op: string; words: string; count: number }[];
  objects: number;
  by_kind: { kind: string; words: string; count: number }[];
  subjects: number;
  accounts: number;
  addresses: string[];
  deadline_utc: number | null;
  rows: { seq: number; t_utc: number; words: string; actor: string; ip: string; kind: string; object: string; result: string }[];
}

export const reportsApi = {
  days: (): Promise<{ today: string; days: { day: string; sha256: string }[] }> => api.get('/daysheets'),
  day: (day: string): Promise<DaySheet> => api.get(path`/daysheets/${day}`),
  trail: (what: 'subject' | 'person' | 'own', query: Query): Promise<TrailPage> => api.get(withQuery(`/trail/${what}`, query)),
  people: (): Promise<Account[]> => api.get('/trail/people'),
  state: (): Promise<LogState> => api.get('/audit/state'),
  verification: (): Promise<VerifyState> => api.get('/audit/verification'),
  verify: (): Promise<VerifyState> => api.post('/audit/verification'),
  integrity: (): Promise<IntegrityInfo> => api.get('/audit/integrity'),
  proof: (seq: number): Promise<EntryProof> => api.get(path`/audit/entries/${String(seq)}/proof`),
  exports: (): Promise<LogExport[]> => api.get('/audit/exports'),
  askExport: (body: Record<string, string>): Promise<LogExport> => api.post('/audit/exports', body),
  makeExport: (id: string): Promise<LogExport> => api.post(path`/audit/exports/${id}/make`),
  report: (kind: string, query: Query): Promise<ReportTable> => api.get(withQuery(path`/reports/${kind}`, query)),
  extracts: (): Promise<ExtractHead[]> => api.get('/extracts'),
  extract: (id: string, offset: number): Promise<Extract> => api.get(withQuery(path`/extracts/${id}`, { offset })),
  draft: (body: Record<string, string>): Promise<Extract> => api.post('/extracts', body),
  release: (id: string, leaveOut: { seq: number; reason: string }[], withWords: number[]): Promise<Extract> =>
    api.post(path`/extracts/${id}/release`, { leave_out: leaveOut, with_words: withWords }),
  processing: (): Promise<{ room: string; day: string; sections: Section[] }> => api.get('/processing'),
  breach: (query: Query): Promise<Breach> => api.get(withQuery('/breach', query)),
};

const DOWNLOAD_MS = 600_000;

/** Fetch a file with the session's purpose and save it; raises RequestFailed. */
export async function save(where: string, name: string): Promise<void> {
  const response = await api.raw('GET', where, undefined, false, DOWNLOAD_MS);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
