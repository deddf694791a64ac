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
