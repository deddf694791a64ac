/** Plans as engineers work on them. Times are µs UTC. */

import { api, path, withQuery } from './client';

export interface PlanVersion {
  number: number;
  name: string;
  author: string;
  note: string;
  created_utc: number;
  activated_utc: number | null;
}

export interface Activation {
  id: number;
  kind: 'activate' | 'rollback';
  number: number;
  previous: number;
  draft: string;
  at_utc: number;
  activated_utc: number | null;
  keep_until_utc: number | null;
  state: 'scheduled' | 'trial' | 'kept' | 'returned' | 'cancelled';
  scheduled: boolean;
  waits_for: string;
  by_name: string;
  approval: string;
  reason: string;
  ended_utc: number | null;
  ended_by: string;
  end_words: string;
}

export interface PlanState {
  number: number;
  name: string;
  sha256: string;
  /** What waits until somebody releases it, in words. */
  waits: string[];
  trial: Activation | null;
  scheduled: Activation[];
  second_person: boolean;
  plans: PlanVersion[];
  history: Activation[];
}

export interface DraftHead {
  id: string;
  name: string;
  base: number;
  sha256: string;
  revision: number;
  state: string;
  author: string;
  created_utc: number;
  changed_utc: number;
  checked: boolean;
  compared_with: number;
}

export interface PlanTalkgroup {
  system: string;
  number: number;
  name: string;
  folder: string;
  agency: string;
  agency_kind: string;
  description: string;
  priority: number;
  address: number | null;
  recorded: boolean;
  retention: string;
  transmit_limit_s: number;
  encrypted: boolean;
  test: boolean;
  national: boolean;
}

export interface PlanUnit {
  system: string;
  number: number;
  alias: string;
  owner: string;
  kind: string;
  talkgroup: string | null;
}

export interface PlanRule {
  system: string;
  name: string;
  alias: string;
  first: number | null;
  last: number | null;
  pattern: string;
}

export interface PlanBody {
  name: string;
  systems: { id: string; name: string; technology: string; mcc: number | null; mnc: number | null; wacn: number | null; system_id: number | null }[];
  sites: { id: string; name: string }[];
  talkgroups: PlanTalkgroup[];
  units: PlanUnit[];
  unit_rules: PlanRule[];
  links: { id: string; name: string; kind: string; system: string; site: string; port: string; talkgroups: number[]; p25: { nac: number } | null }[];
  positions: string[];
}

export interface Draft extends DraftHead {
  plan: PlanBody;
}

export interface Finding {
  rule: string;
  severity: 'error' | 'warning' | 'note';
  kind: string;
  id: string;
  field: string;
  words: string;
}

export interface CheckReport {
  plan_sha256: string;
  ok: boolean;
  counts: Record<string, number>;
  findings: Finding[];
}

export interface PlanChange {
  what: 'added' | 'changed' | 'removed';
  kind: string;
  id: string;
  name: string;
  folder: string;
  number: number | null;
  fields: { field: string; words: string; before: string; after: string }[];
  words: string;
}

export interface Effects {
  links: { link: string; name: string; what: string; calls: string[] }[];
  consoles: { position: string; lines: string[] }[];
  calls: string[];
  alarms: string[];
  waits: { kind: string; id: string; name: string; words: string }[];
  refused: string;
}

export interface Compared {
  counts: Record<'added' | 'changed' | 'removed', number>;
  changes: PlanChange[];
  with?: number;
  effects?: Effects;
}

export interface Edit {
  op?: 'put' | 'remove';
  kind: string;
  id?: string;
  value?: Record<string, unknown>;
  place?: number;
}

export interface ListColumn {
  title: string;
  field: string;
  example: string;
}

export interface ListReport {
  format: string;
  why: string;
  sure: boolean;
  warnings: string[];
  columns: ListColumn[];
  rows: { line: number; state: 'ok' | 'repaired' | 'skipped' | 'duplicate'; column: string; reason: string; value: string }[];
  counts: Record<string, number>;
  read: Record<string, number>;
  diff: {
    added: string[];
    changed: { talkgroup: string; field: string; before: string; after: string }[];
    removed: string[];
    unchanged: number;
    kept: { talkgroup: string; field: string; before: string; after: string }[];
  };
  applied: boolean;
  revision?: number;
}

export interface ListFormats {
  read: Record<string, string>;
  write: Record<'talkgroups' | 'units', string[]>;
  losses: Record<string, string>;
  fields: Record<'talkgroups' | 'units', string[]>;
}

export interface ListWish {
  file: File;
  system: string;
  kind: 'talkgroups' | 'units';
  format: string;
  policy: string;
  mapping: Record<string, string> | null;
  save: boolean;
}

function form(wish: ListWish, apply: boolean, revision: number): FormData {
  const data = new FormData();
  data.set('file', wish.file);
  data.set('system', wish.system);
  data.set('kind', wish.kind);
  data.set('format', wish.format);
  data.set('policy', wish.policy);
  if (wish.mapping) data.set('mapping', JSON.stringify(wish.mapping));
  data.set('save_mapping', String(wish.save));
  data.set('apply', String(apply));
  data.set('revision', String(revision));
  return data;
}

export const plansApi = {
  state: (): Promise<PlanState> => api.get('/plans'),
  drafts: (): Promise<DraftHead[]> => api.get('/plan/drafts'),
  plan: (number: number): Promise<{ number: number; plan: PlanBody }> => api.get(path`/plans/${String(number)}`),
  draft: (id: string): Promise<Draft> => api.get(path`/plan/drafts/${id}`),
  begin: (name: string, base?: number, file?: string): Promise<DraftHead> =>
    api.post('/plan/drafts', { name, base: base ?? null, file: file ?? null }),
  edit: (id: string, revision: number, edits: Edit[]): Promise<DraftHead> =>
    api.json('PATCH', path`/plan/drafts/${id}`, { revision, edits }),
  discard: (id: string): Promise<unknown> => api.delete(path`/plan/drafts/${id}`),
  check: (id: string): Promise<CheckReport> => api.post(path`/plan/drafts/${id}/check`, {}),
  compare: (id: string): Promise<Compared> => api.post(path`/plan/drafts/${id}/compare`, {}),
  comparePlans: (before: number, after: number): Promise<Compared> =>
    api.get(path`/plans/${String(before)}/compare/${String(after)}`),
  ask: (id: string, sha256: string): Promise<{ approval: string }> =>
    api.post(path`/plan/drafts/${id}/ask`, { sha256 }),
  activate: (id: string, sha256: string, reason: string, at_utc: number | null): Promise<Activation> =>
    api.post(path`/plan/drafts/${id}/activate`, { sha256, reason, at_utc }),
  keep: (number: number): Promise<Activation> => api.post('/plan/keep', { number }),
  giveBack: (reason: string): Promise<{ number: number }> => api.post('/plan/return', { reason }),
  rollBack: (number: number, reason: string): Promise<{ number: number }> =>
    api.post('/plan/rollback', { number, reason }),
  cancel: (activation: number): Promise<Activation> =>
    api.delete(path`/plan/schedule/${String(activation)}`),
  formats: (): Promise<ListFormats> => api.get('/plan/formats'),
  look: (draft: string, wish: ListWish): Promise<ListReport> =>
    api.post(path`/plan/drafts/${draft}/import`, form(wish, false, 0)),
  take: (draft: string, wish: ListWish, revision: number): Promise<ListReport> =>
    api.post(path`/plan/drafts/${draft}/import`, form(wish, true, revision)),
  fileOf: (number: number): string => path`/api/v1/plans/${String(number)}/file`,
  listOf: (number: number, system: string, kind: string, format: string): string =>
    withQuery(path`/api/v1/plans/${String(number)}/list`, { system, kind, format }),
};
