/** Columns and marks of the engineer's two long tables. */

import type { PlanTalkgroup, PlanUnit } from './api/plans';
import { hex, type GridColumn } from './grid';
import { FIELDS } from './plan_fields';

export const SETS = ['usual', 'radio', 'recording', 'all'] as const;
export type ColumnSet = (typeof SETS)[number];

const AGENCIES = FIELDS.talkgroup.find((one) => one.name === 'agency_kind')?.choices ?? [];
const USUAL = ['usual', 'all'];

export const TALKGROUP_COLUMNS: readonly GridColumn<PlanTalkgroup>[] = [
  { id: 'number', words: 'Number', width: 88, right: true, sets: SETS, text: (row) => String(row.number) },
  { id: 'hex', words: 'Hex', width: 80, right: true, quiet: true, sets: SETS, text: (row) => hex(row.number) },
  { id: 'name', words: 'Name', width: 184, strong: true, sets: SETS, text: (row) => row.name, edit: { field: 'name', kind: 'text', most: 24 } },
  { id: 'system', words: 'System', width: 104, sets: ['radio', 'all'], text: (row) => row.system },
  { id: 'folder', words: 'Folder', width: 112, sets: USUAL, text: (row) => row.folder, edit: { field: 'folder', kind: 'text' } },
  { id: 'agency', words: 'Agency', width: 112, sets: USUAL, text: (row) => row.agency, edit: { field: 'agency', kind: 'text', optional: true } },
  { id: 'agency_kind', words: 'Kind', width: 80, sets: ['all'], text: (row) => row.agency_kind, edit: { field: 'agency_kind', kind: 'choice', choices: AGENCIES } },
  { id: 'address', words: 'Tile', width: 56, right: true, sets: USUAL, text: (row) => (row.address === null ? '-' : String(row.address)), edit: { field: 'address', kind: 'number', optional: true } },
  { id: 'priority', words: 'Priority', width: 72, right: true, sets: ['radio', 'all'], text: (row) => String(row.priority), edit: { field: 'priority', kind: 'number' } },
  {
    id: 'encrypted', words: 'Encryption', width: 96, sets: ['usual', 'radio', 'all'], text: (row) => (row.encrypted ? 'encrypted' : 'unencrypted'),
    edit: { field: 'encrypted', kind: 'yesno', yes: 'encrypted', no: 'unencrypted' },
  },
  {
    id: 'recorded', words: 'Recording', width: 96, sets: ['usual', 'recording', 'all'], text: (row) => (row.recorded ? 'recorded' : 'Recording off'),
    edit: { field: 'recorded', kind: 'yesno', yes: 'recorded', no: 'Recording off' },
  },
  { id: 'retention', words: 'Retention class', width: 136, sets: ['recording', 'all'], text: (row) => row.retention, edit: { field: 'retention', kind: 'text' } },
  { id: 'limit', words: 'Limit, s', width: 72, right: true, sets: ['radio', 'all'], text: (row) => String(row.transmit_limit_s), edit: { field: 'transmit_limit_s', kind: 'number' } },
  { id: 'test', words: 'Test', width: 56, sets: ['usual', 'radio', 'all'], text: (row) => (row.test ? 'Test' : '-'), edit: { field: 'test', kind: 'yesno', yes: 'Test', no: 'no test' } },
  { id: 'national', words: 'National', width: 80, sets: ['radio', 'all'], text: (row) => (row.national ? 'national' : '-'), edit: { field: 'national', kind: 'yesno', yes: 'national', no: 'not national' } },
  { id: 'description', words: 'Description', width: 0, sets: ['recording'], text: (row) => row.description, edit: { field: 'description', kind: 'text', optional: true } },
];

export interface Mark<Row> {
  id: string;
  words: string;
  fits: (row: Row) => boolean;
}

export const talkgroupMarks = (linked: (row: PlanTalkgroup) => boolean): Mark<PlanTalkgroup>[] => [
  { id: 'encrypted', words: 'Encrypted', fits: (row) => row.encrypted },
  { id: 'unencrypted', words: 'Unencrypted', fits: (row) => !row.encrypted },
  { id: 'off', words: 'Recording off', fits: (row) => !row.recorded },
  { id: 'test', words: 'Test', fits: (row) => row.test },
  { id: 'nolink', words: 'Without a link', fits: (row) => !linked(row) },
  { id: 'notile', words: 'Without a tile', fits: (row) => row.address === null },
];

export const UNIT_COLUMNS: readonly GridColumn<PlanUnit>[] = [
  { id: 'number', words: 'Number', width: 88, right: true, sets: SETS, text: (row) => String(row.number) },
  { id: 'hex', words: 'Hex', width: 80, right: true, quiet: true, sets: SETS, text: (row) => hex(row.number) },
  { id: 'alias', words: 'Alias', width: 192, strong: true, sets: SETS, text: (row) => row.alias, edit: { field: 'alias', kind: 'text', most: 64 } },
  { id: 'whole', words: 'Whole identity', width: 184, mono: true, quiet: true, sets: SETS, text: () => '' },
  { id: 'owner', words: 'Owner', width: 176, sets: SETS, text: (row) => row.owner, edit: { field: 'owner', kind: 'text', optional: true } },
  { id: 'kind', words: 'Kind', width: 104, sets: SETS, text: (row) => row.kind, edit: { field: 'kind', kind: 'text', optional: true } },
  {
    id: 'talkgroup', words: 'Home talkgroup', width: 0, sets: SETS, text: (row) => row.talkgroup ?? '-',
    edit: { field: 'talkgroup', kind: 'text', optional: true, empty: null },
  },
];
