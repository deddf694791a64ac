/** Lists of the field on their way into drafts, and what came of each. Times are µs UTC. */

import { unpack, type Packed } from '../packed';
import { api, path, withQuery } from './client';
import type { DraftHead, Uses } from './plans';
import { sendForm, type Sent } from './upload';

export interface ListColumn {
  title: string;
  field: string;
  example: string;
}

export type RowState = 'ok' | 'repaired' | 'skipped' | 'duplicate';

export interface ListRow {
  /** Place in the report: two rows may stand in one line of the file. */
  at: number;
  line: number;
  state: RowState;
  column: string;
  reason: string;
  value: string;
}

/** A difference between the live plan and the draft with the list in it. */
export interface ListChange {
  what: 'added' | 'changed' | 'removed';
  kind: string;
  id: string;
  name: string;
  folder: string;
  number: number | null;
  words: string;
  /** `kept:field`, `lost:field`, `mixed:patch`, `warning:rule sentence`, or nothing. */
  note: string;
  /** Field, before, after; in words. */
  fields: [string, string, string][];
}

/** A field in which the draft stands and the file has something else. */
export interface ListKept {
  id: string;
  /** Name of the talkgroup, unit, rule or site. */
  talkgroup: string;
  field: string;
  before: string;
  after: string;
}

/** What came of one list that was put into a draft. */
export interface ImportHead {
  id: string;
  t_utc: number;
  by: string;
  file: string;
  sha256: string;
  bytes: number;
  system: string;
  kind: string;
  policy: string;
  format: string;
  why: string;
  /** What told which column is what. */
  mapped: 'titles' | 'saved' | 'hand';
  columns: { title: string; field: string }[];
  warnings: string[];
  counts: Record<'read' | RowState, number>;
  sums: Record<'added' | 'changed' | 'removed' | 'kept' | 'lost', number>;
  /** Which rows are kept. */
  kept: 'all' | 'odd' | 'none';
}

export interface ListReport extends Uses {
  format: string;
  why: string;
  sure: boolean;
  warnings: string[];
  columns: ListColumn[];
  rows: ListRow[];
  changes: ListChange[];
  kept: ListKept[];
  counts: Record<'read' | RowState, number>;
  read: Record<string, number>;
  sums: Record<'added' | 'changed' | 'removed' | 'file_added' | 'file_changed' | 'file_removed' | 'unchanged' | 'kept' | 'lost', number>;
  check: { counts: Record<string, number>; findings: { rule: string; severity: string; words: string }[] };
}

type PackedReport = Omit<ListReport, 'rows' | 'changes' | 'kept'> & {
  rows: Packed;
  changes: Packed & { fields: ListChange['fields'][] };
  kept: Packed;
};

/** How far an import is: rows done of how many, 0: unknown. */
export interface ListProgress {
  stage: string;
  done: number;
  total: number;
}

export interface ListFormats {
  read: Record<string, string>;
  write: Record<'talkgroups' | 'units' | 'sites', string[]>;
  losses: Record<string, string>;
  fields: Record<'talkgroups' | 'units', string[]>;
  /** What each merge policy does, in words. */
  policies: Record<string, string>;
}

export interface ListWish {
  file: File;
  system: string;
  kind: 'talkgroups' | 'units' | 'sites';
  format: string;
  policy: string;
  mapping: Record<string, string> | null;
  save: boolean;
}

export type ListKind = ListWish['kind'];

function rowsOf(packed: Packed): ListRow[] {
  const rows = unpack<ListRow>(packed);
  rows.forEach((row, at) => (row.at = at));
  return rows;
}

function reportOf(told: PackedReport): ListReport {
  const changes = unpack<ListChange>(told.changes);
  changes.forEach((one, at) => (one.fields = told.changes.fields[at] ?? []));
  return { ...told, rows: rowsOf(told.rows), kept: unpack(told.kept), changes };
}

function form(wish: ListWish, apply: boolean, revision: number, job: string): FormData {
  const data = new FormData();
  data.set('file', wish.file);
  data.set('system', wish.system);
  data.set('kind', wish.kind);
  data.set('format', wish.format);
  data.set('policy', wish.policy);
  if (wish.mapping) data.set('mapping', JSON.stringify(wish.mapping));
  data.set('save_mapping', String(wish.save));
  data.set('apply', String(apply));
  data.set('packed', 'true');
  data.set('job', job);
  data.set('revision', String(revision));
  return data;
}

export const listsApi = {
  formats: (): Promise<ListFormats> => api.get('/plan/formats'),
  look: async (draft: string, wish: ListWish, job: string, sent: Sent): Promise<ListReport> =>
    reportOf(await sendForm<PackedReport>(path`/plan/drafts/${draft}/import`, form(wish, false, 0, job), sent)),
  take: (draft: string, wish: ListWish, revision: number, job: string, sent: Sent): Promise<DraftHead> =>
    sendForm(path`/plan/drafts/${draft}/import`, form(wish, true, revision, job), sent),
  importProgress: (job: string): Promise<ListProgress> => api.get(path`/plan/imports/${job}`),
  endImport: (job: string): Promise<unknown> => api.delete(path`/plan/imports/${job}`),
  importsOf: (number: number): Promise<ImportHead[]> => api.get(path`/plans/${String(number)}/imports`),
  draftImports: (draft: string): Promise<ImportHead[]> => api.get(path`/plan/drafts/${draft}/imports`),
  importRows: async (report: string): Promise<ListRow[]> =>
    rowsOf((await api.get<{ rows: Packed }>(path`/plan/import-reports/${report}`)).rows),
  importCsv: (report: string): string => path`/api/v1/plan/import-reports/${report}/csv`,
  listOf: (number: number, system: string, kind: string, format: string): string =>
    withQuery(path`/api/v1/plans/${String(number)}/list`, { system, kind, format }),
  draftListOf: (draft: string, system: string, kind: string, format: string): string =>
    withQuery(path`/api/v1/plan/drafts/${draft}/list`, { system, kind, format }),
};
