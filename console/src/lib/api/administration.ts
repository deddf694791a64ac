/** What the engineer's, the auditor's and the administrator's pages are told. Times are µs UTC. */

export interface ProtocolLine {
  t_utc: number;
  outgoing: boolean;
  raw: string;
  words: string;
  malformed?: boolean;
}

/** One field that an import would change. */
export interface ImportChange {
  talkgroup: string;
  field: string;
  before: string;
  after: string;
}

export interface ImportReport {
  format: string;
  why: string;
  warnings: string[];
  rows: {
    line: number;
    state: 'ok' | 'repaired' | 'skipped' | 'duplicate';
    column: string;
    reason: string;
    value: string;
  }[];
  counts: Record<'read' | 'ok' | 'repaired' | 'skipped' | 'duplicate', number>;
  diff: {
    added: string[];
    changed: ImportChange[];
    removed: string[];
    unchanged: number;
    kept: ImportChange[];
  };
  applied: boolean;
  plan: number;
}

/** What an import does with talkgroups that the plan has already. */
export type ImportPolicy = 'keep' | 'update' | 'add';

export interface VerifyReport {
  ok: boolean;
  size: number;
  root: string;
  head_size: number | null;
  checkpoints: number;
  trust: string;
  faults: string[];
  warnings: string[];
  took_ms: number;
  at_utc: number | null;
}

export interface AuditState {
  origin: string;
  size: number;
  root: string;
  head: { size: number | null };
  checkpoint: { size: number; root: string; note: string; at_utc: number } | null;
  writable: boolean;
  reason: string;
  spooled: number;
  last_verify: VerifyReport | null;
}

export interface AuditEntry {
  seq: number;
  ts: string;
  op: string;
  verb: string;
  result: string;
  actor: { id: string; role: string; unit: string };
  obj: { type: string; id: string } | null;
  purpose: { code?: string; ref?: string; text?: string } | null;
  detail: Record<string, unknown>;
}

export interface UserRow {
  id: string;
  name: string;
  display_name: string;
  role: string;
  organisation: string;
  disabled: boolean;
}

export interface GrantRow {
  id: number;
  role: string;
  organisation: string;
  scope_kind: string;
  scope: string;
  actions: string[];
  expires_utc: number | null;
}
