/** Retention board, reviews, erasure, holds, orders, policy. Times are µs UTC. */

import { api, path, withQuery } from './client';

export interface BoardRow {
  class: string;
  words: string;
  days: number | null;
  count: number;
  size_bytes: number;
  oldest_utc: number | null;
  next_utc: number | null;
  held: number;
  due: number;
  unsaved: number;
  alarm: boolean;
}

export interface Board {
  classes: BoardRow[];
  backup_utc: number | null;
  policy: number;
  next_change_utc: number | null;
  sealing: { problem: string; waiting: number };
}

export interface ReviewRow {
  incident: string;
  label: string;
  title: string;
  due_utc: number;
  closed_utc: number | null;
  state: 'waiting' | 'erase' | 'keep';
  until_utc: number | null;
  reason: string;
  by_name: string;
}

export interface ErasureRow {
  id: string;
  kind: 'daily' | 'demand' | 'early';
  state: 'listed' | 'waiting' | 'running' | 'done' | 'cancelled';
  cause: string;
  by_name: string;
  agreed_by: string;
  made_utc: number;
  done_utc: number | null;
  policy: number;
  planned: number;
  planned_root: string;
  classes: Record<string, number>;
  erased: number;
  skipped: number;
  needs_two: boolean;
  progress: number;
  approval: string;
}

export interface EarlyObject {
  type: 'call' | 'message' | 'media' | 'incident';
  id: string;
}

export interface ErasureObject {
  n: number;
  type: string;
  object: string;
  retention_class: string;
  state: string;
  why: string;
}

export interface HoldInfo {
  id: string;
  state: 'stands' | 'review' | 'overdue' | 'lifted';
  reason: string;
  basis: string;
  by_name: string;
  set_utc: number;
  review_utc: number;
  restricted_until_utc: number | null;
  legal_order: string | null;
  source_note: string;
  objects: Record<string, number>;
  lifted_utc: number | null;
  lifted_name: string;
  lifted_with: string;
  lift_reason: string;
}

export interface OrderInfo {
  id: string;
  number: string;
  authority: string;
  case: string;
  basis: string;
  deadline_utc: number;
  scope: {
    from_utc: number;
    to_utc: number;
    talkgroups: string[];
    units: string[];
    cameras: string[];
    places: { lat: number; lon: number; radius_m: number }[];
    telemetry: boolean;
    asked: { zone: string; from: string; to: string; from_answer: string; to_answer: string };
  };
  document_sha256: string;
  document_name: string;
  tell: string;
  by_name: string;
  made_utc: number;
  state: 'open' | 'answered' | 'withdrawn';
  note: string;
  hold: string | null;
  overdue: boolean;
}

export interface OrderAsk {
  number: string;
  authority: string;
  case: string;
  basis: string;
  deadline: string;
  zone: string;
  from_local: string;
  to_local: string;
  from_answer: string;
  to_answer: string;
  talkgroups: string[];
  units: string[];
  cameras: string[];
  places: { lat: number; lon: number; radius_m: number }[];
  telemetry: boolean;
  document_sha256: string;
  document_name: string;
  tell: string;
  note: string;
}

export interface LocalTime {
  skipped: boolean;
  doubled: boolean;
  readings: { answer: string; utc: number; offset: string }[];
}

export interface PolicyBody {
  retention_days: Record<string, number>;
  recording: { not_recorded: string[]; private_calls: boolean };
  rights: Record<string, string[]>;
  approvals: { erasure_objects: number; hold_review_days: number };
}

export interface Shortening {
  from_utc: number;
  classes: { class: string; before: number; after: number }[];
  counts: Record<string, number>;
  total: number;
  first: { type: string; id: string; class: string; t_utc: number }[];
}

export interface PolicyVersion {
  number: number;
  digest: string;
  state: 'draft' | 'active' | 'past' | 'withdrawn';
  note: string;
  author: string;
  author_name: string;
  created_utc: number;
  approval: string;
  agreed_by: string;
  activated_utc: number | null;
  effective_utc: number | null;
  waits: boolean;
}

export interface FullPolicy extends PolicyVersion {
  policy: PolicyBody;
  toml: string;
  differences: string[];
  shortens: Shortening | null;
}

/** A talkgroup that this person may know of. */
export interface Named {
  id: string;
  name: string;
}

export interface Policies {
  talkgroups: Named[];
  versions: PolicyVersion[];
  number: number;
  days: Record<string, number>;
  next_change_utc: number | null;
  policy: PolicyBody;
  class_words: Record<string, string>;
  permissions: Record<string, { words: string; roles: string[] }>;
  roles: string[];
}

export const retention = {
  board: (): Promise<Board> => api.get('/retention'),
  reviews: async (): Promise<ReviewRow[]> => (await api.get<{ reviews: ReviewRow[] }>('/retention/reviews')).reviews,
  decide: (incident: string, body: { erase: boolean; reason: string; keep_days?: number }): Promise<unknown> =>
    api.post(path`/retention/reviews/${incident}`, body),
  erasures: async (): Promise<ErasureRow[]> => (await api.get<{ erasures: ErasureRow[] }>('/retention/erasures')).erasures,
  early: (objects: EarlyObject[], reason: string): Promise<ErasureRow> => api.post('/retention/erasures/early', { objects, reason }),
  dryRun: (): Promise<ErasureRow> => api.post('/retention/erasures', {}),
  objects: async (job: string, after: number): Promise<ErasureObject[]> =>
    (await api.get<{ objects: ErasureObject[] }>(withQuery(path`/retention/erasures/${job}/objects`, { after }))).objects,
  start: (job: string): Promise<ErasureRow> => api.post(path`/retention/erasures/${job}/start`, {}),
  cancel: (job: string): Promise<ErasureRow> => api.post(path`/retention/erasures/${job}/cancel`, {}),
  certificate: (job: string, form: 'json' | 'text'): string => `/api/v1/retention/erasures/${job}/certificate?form=${form}`,

  holds: async (lifted = false): Promise<HoldInfo[]> => (await api.get<{ holds: HoldInfo[] }>(withQuery('/holds', { lifted }))).holds,
  holdsOf: async (call: string): Promise<HoldInfo[]> => (await api.get<{ holds: HoldInfo[] }>(path`/calls/${call}/holds`)).holds,
  hold: (calls: string[], reason: string, basis: string): Promise<HoldInfo> => api.post('/holds', { scope: { calls }, reason, basis }),
  lift: (hold: string, reason: string): Promise<{ approval: string }> => api.post(path`/holds/${hold}/lift`, { reason }),
  keepHold: (hold: string, days: number, reason: string): Promise<HoldInfo> => api.post(path`/holds/${hold}/review`, { days, reason }),

  orders: (): Promise<{ orders: OrderInfo[]; talkgroups: Named[] }> => api.get('/orders'),
  localTime: (local: string, zone: string): Promise<LocalTime> => api.get(withQuery('/orders/times', { local, zone })),
  addOrder: (ask: OrderAsk): Promise<OrderInfo> => api.post('/orders', ask),
  holdResults: (order: string): Promise<HoldInfo> => api.post(path`/orders/${order}/hold`, {}),
  closeOrder: (order: string, state: 'answered' | 'withdrawn', note: string): Promise<OrderInfo> =>
    api.post(path`/orders/${order}/close`, { state, note }),

  policies: (): Promise<Policies> => api.get('/policies'),
  policy: (number: number): Promise<FullPolicy> => api.get(`/policies/${number}`),
  check: (body: { policy?: PolicyBody; toml?: string }): Promise<{ faults: string[]; differences: string[]; toml?: string }> => api.post('/policies/check', body),
  draft: (body: { policy?: PolicyBody; toml?: string; note: string }): Promise<FullPolicy> => api.post('/policies', body),
  activate: (number: number, digest: string): Promise<{ approval: string }> => api.post(`/policies/${number}/activate`, { digest }),
  withdraw: (number: number): Promise<PolicyVersion> => api.post(`/policies/${number}/withdraw`, {}),
};
