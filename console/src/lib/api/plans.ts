/** Plans as engineers work on them. Times are µs UTC. */

import { unpack, type Packed } from '../packed';
import { api, path, withQuery } from './client';
import type { BoardPage } from './layouts';

export interface PlanVersion {
  number: number;
  name: string;
  author: string;
  note: string;
  created_utc: number;
  activated_utc: number | null;
  /** How many lists were put into it. */
  imports: number;
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

export interface PlanLayout {
  id: string;
  name: string;
  columns: number;
  rows: number;
  positions: string[];
  emergency: string[];
  others: string;
  pages: BoardPage[];
}

/** Talkgroups that the plan joins by default, or holds ready to be joined. */
export interface PlanPatch {
  /** What tiles show: P1 to P99. */
  id: string;
  name: string;
  /** `system/number` of each. */
  members: string[];
  active: boolean;
  mixed: boolean;
}

export interface PlanStatus {
  value: number;
  digit: string;
  words: string;
  kind: string;
  system: string | null;
}

/** A link with every setting; what a kind does not use stands at its default. */
export interface PlanLink {
  id: string;
  name: string;
  kind: string;
  system: string;
  site: string;
  port: string;
  sound: string;
  talkgroups: number[];
  group: number | null;
  p25: ({ nac: number } & Record<string, unknown>) | null;
  [setting: string]: unknown;
}

/** What a link can be plugged into on the server's machine. */
export interface MachinePort {
  kind: 'serial' | 'sound' | 'gpio';
  name: string;
  words: string;
  hint: string;
}

/** What names a unit's number in one system. */
export interface NamedUnit {
  system: string;
  by: 'row' | 'rule' | 'nothing';
  rule: string;
  alias: string;
}

export interface PlanSite {
  id: string;
  name: string;
  system: string | null;
  rfss: number | null;
  number: number | null;
  nac: number | null;
  county: string;
  latitude: number | null;
  longitude: number | null;
  frequencies_hz: number[];
  control_hz: number[];
}

export interface PlanBody {
  name: string;
  systems: { id: string; name: string; technology: string; mcc: number | null; mnc: number | null; wacn: number | null; system_id: number | null }[];
  sites: PlanSite[];
  talkgroups: PlanTalkgroup[];
  /** Empty until a page asks for them: there may be a hundred thousand. */
  units: PlanUnit[];
  unit_rules: PlanRule[];
  links: PlanLink[];
  layouts: PlanLayout[];
  patches: PlanPatch[];
  statuses: PlanStatus[];
  predefined_texts: string[];
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

/** Who still uses a talkgroup or unit that a plan takes out, and when it was last heard. */
export interface PlanUse {
  kind: string;
  id: string;
  last_heard_utc: number | null;
  layouts: string[];
  patches: string[];
  links: string[];
  /** Positions that have it selected. */
  positions: string[];
  units: number;
  /** A call, an alarm; in words. */
  now: string[];
}

export interface Uses {
  uses: PlanUse[];
  /** From when on the call log knows; null: it is empty. */
  log_from_utc: number | null;
}

export interface Effects {
  links: { link: string; name: string; what: string; calls: string[] }[];
  consoles: { position: string; lines: string[] }[];
  calls: string[];
  alarms: string[];
  waits: { kind: string; id: string; name: string; words: string }[];
  patches: { label: string; name: string; what: string }[];
  refused: string;
}

export interface Compared extends Uses {
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

interface Tables {
  plan: PlanBody;
  talkgroups: Packed;
  units: Record<string, number>;
}

/** A plan with its talkgroups, without its units; how many there are of each system. */
function bodyOf(told: Tables): { plan: PlanBody; units: Record<string, number> } {
  return { plan: { ...told.plan, talkgroups: unpack<PlanTalkgroup>(told.talkgroups), units: [] }, units: told.units };
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
  /** What a check would find on the objects of these edits; nothing is saved. */
  lookAt: (id: string, edits: Edit[]): Promise<Finding[]> => api.post(path`/plan/drafts/${id}/look`, { edits }),
  /** What names a number: in a draft, or in the live plan. */
  namesOf: (number: number, draft = ''): Promise<NamedUnit[]> =>
    api.get(withQuery('/plan/names', { number: String(number), draft })),
  ports: (): Promise<MachinePort[]> => api.get('/plan/ports'),
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
  /** A plan for the tables. */
  tables: async (number: number): Promise<{ plan: PlanBody; units: Record<string, number> }> =>
    bodyOf(await api.get<Tables>(path`/plans/${String(number)}/tables`)),
  draftTables: async (id: string): Promise<{ head: DraftHead; plan: PlanBody; units: Record<string, number> }> => {
    const { plan, talkgroups, units, ...head } = await api.get<Tables & DraftHead>(path`/plan/drafts/${id}/tables`);
    return { head, ...bodyOf({ plan, talkgroups, units }) };
  },
  counts: (id: string): Promise<Compared['counts']> => api.get(path`/plan/drafts/${id}/counts`),
  units: async (number: number): Promise<PlanUnit[]> => unpack<PlanUnit>(await api.get<Packed>(path`/plans/${String(number)}/units`)),
  draftUnits: async (id: string): Promise<PlanUnit[]> => unpack<PlanUnit>(await api.get<Packed>(path`/plan/drafts/${id}/units`)),
  fileOf: (number: number): string => path`/api/v1/plans/${String(number)}/file`,
};
