/** Purposes, approvals, break-glass and the review queue. Times are µs UTC. */

import { api, path, withQuery } from './client';

export interface Stated {
  id: string;
  code: string;
  ref: string;
  text: string;
  /** As it is shown: `incident INC-2026-004211, words`. */
  words: string;
  stated_utc: number;
  until_utc: number;
}

export interface IncidentChoice {
  id: string;
  label: string;
  title: string;
  opened_utc: number;
}

export interface Purposes {
  standing: Stated[];
  /** Whether this person's work needs one; a desk needs none for its last hour. */
  needed: boolean;
  incidents: IncidentChoice[];
  hours: number;
  codes: string[];
}

export const purposesApi = {
  mine: (): Promise<Purposes> => api.get('/purposes/mine'),
  state: (code: string, ref: string, text: string): Promise<Stated> =>
    api.post('/purposes', { code, ref, text }),
};

export interface Vote {
  name: string;
  agree: boolean;
  reason: string;
  t_utc: number;
}

export interface Approval {
  id: string;
  kind: string;
  kind_words: string;
  subject: string;
  words: string;
  needed: number;
  state: 'waiting' | 'agreed' | 'refused' | 'withdrawn' | 'expired' | 'used';
  asked_by: string;
  asked_name: string;
  asked_utc: number;
  expires_utc: number;
  decided_utc: number | null;
  used_utc: number | null;
  votes: Vote[];
  own: boolean;
  may_decide: boolean;
}

/** One request with exactly what will happen, and the digest that an answer names. */
export interface ApprovalSheet extends Approval {
  detail: Record<string, unknown>;
  digest: string;
}

export const approvalsApi = {
  list: (waiting: boolean): Promise<Approval[]> => api.get(withQuery('/approvals', { waiting })),
  look: (id: string): Promise<ApprovalSheet> => api.get(path`/approvals/${id}`),
  decide: (id: string, agree: boolean, digest: string, reason: string): Promise<Approval> =>
    api.post(path`/approvals/${id}`, { agree, digest, reason }),
  withdraw: (id: string): Promise<Approval> => api.delete(path`/approvals/${id}`),
};

// ---- review queue ---------------------------------------------------------------------------

export interface ReviewTask {
  id: string;
  kind: 'sample' | 'alert' | 'break_glass';
  rule: string;
  day: string;
  name: string;
  role: string;
  words: string;
  entries: number[];
  state: 'open' | 'asked' | 'answered' | 'justified' | 'escalated';
  question: string;
  answer: string;
  reviewer: string;
  made_utc: number;
  due_utc: number;
  closed_utc: number | null;
}

export interface ReviewEntry {
  seq: number;
  ts: string;
  op: string;
  verb: string;
  obj: { type: string; id: string } | null;
  purpose: { code: string; ref: string; text: string | null } | null;
  result: string;
}

export interface Question {
  id: string;
  question: string;
  entries: string;
}

export const reviewsApi = {
  list: (waiting: boolean): Promise<ReviewTask[]> => api.get(withQuery('/reviews', { waiting })),
  count: (): Promise<number> => api.get<{ waiting: number }>('/reviews/count').then((one) => one.waiting),
  look: (id: string): Promise<ReviewTask & { log: ReviewEntry[] }> => api.get(path`/reviews/${id}`),
  decide: (id: string, outcome: 'justified' | 'ask' | 'escalated', text: string): Promise<ReviewTask> =>
    api.post(path`/reviews/${id}`, { outcome, text }),
  questions: (): Promise<Question[]> => api.get('/session/questions'),
  answer: (id: string, text: string): Promise<unknown> => api.post(path`/session/questions/${id}`, { text }),
};

// ---- break-glass ----------------------------------------------------------------------------

export interface BrokenGlass {
  id: string;
  name: string;
  scope_kind: string;
  scope: string;
  reason: string;
  t_utc: number;
  until_utc: number;
}

export const glassApi = {
  take: (scope_kind: string, scope: string, reason: string): Promise<BrokenGlass> =>
    api.post('/glass', { scope_kind, scope, reason }),
  recent: (): Promise<BrokenGlass[]> => api.get('/glass'),
};
