/** Evidence packages: asked for, decided, handed out. Times are µs UTC. */

import type { Rect } from '../redaction';
import { api, path } from './client';

/** Packing reads, hashes and decodes everything: it may take minutes. */
const BUILD_MS = 15 * 60_000;

export type PackageState = 'waiting' | 'approved' | 'refused' | 'erased';

export interface Recipient {
  name: string;
  country: string;
  basis: string;
}

export interface PackageApproval {
  by: string;
  package_hash: string;
  t_utc: number;
}

export interface EvidencePackage {
  id: string;
  package_hash: string;
  size_bytes: number;
  files: number;
  built_utc: number;
  requested_by: string;
  approvers: string[];
  approver_keys: Record<string, string>;
  recordings: string[];
  media: string[];
  talkgroups: string[];
  start_utc: number;
  end_utc: number;
  left_out: [string, string][];
  gaps: string[];
  left_words: string[];
  recipient: Recipient;
  recipient_key: string;
  purpose: { code: string; basis: string; ref?: string; text?: string };
  expires: string;
  incident: string;
  order: string;
  restricted_until_utc: number | null;
  parent: string;
  /** The request of the second person; empty: nobody was asked. */
  approval: string;
  state: PackageState;
  approvals: PackageApproval[];
  released_utc: number | null;
  refused_by: string;
  erased_utc: number | null;
  certificate: Record<string, unknown>;
  talkgroup_names: Record<string, string>;
  /** Display names of the accounts above. */
  names: Record<string, string>;
  to_sign: string;
}

export interface PackageContents {
  record: { what: { type: string; id: string; files: string[] }[]; derived: { path: string }[]; redacts: { method: string; reason: string } | null };
  coverage: { matched: number; included: number; talkgroups: string[]; sites: string[] };
  files: Record<string, number>;
  readme: string;
  messages_left_out: { event: string; why: string }[];
}

export interface Disclosure {
  id: number;
  package: string;
  form: 'zip' | 'age' | 'csv';
  t_utc: number;
  by_name: string;
  recipient: string;
  country: string;
  sha256: string;
  size_bytes: number;
  entry_seq: number;
  restricted_until_utc: number | null;
}

export interface Approver {
  id: string;
  name: string;
  role: string;
}

export interface Disclosing {
  purpose_code: string;
  purpose_ref: string;
  purpose_text: string;
  basis: string;
  recipient: Recipient;
  recipient_key: string;
  approvers: string[];
  expires: string;
  listening_copies: boolean;
  case_summary: boolean;
  ask: boolean;
}

export interface PackageAsk extends Disclosing {
  talkgroups?: string[];
  calls?: string[];
  units?: string[];
  sites?: string[];
  cameras?: string[];
  incident?: string;
  order?: string;
  from_utc?: number;
  to_utc?: number;
  only?: string[];
  desk?: boolean;
}

export interface RedactedAsk extends Disclosing {
  mute: { from_utc: number; to_utc: number }[];
  parts: { transmission?: string; media?: string; from_ms?: number; to_ms?: number; boxes?: Rect[]; picture?: boolean; sound?: boolean }[];
  mask_units: boolean;
  reason: string;
}

const build = async <T>(where: string, body: unknown): Promise<T> =>
  (await (await api.raw('POST', where, body, false, BUILD_MS)).json()) as T;

export const evidenceApi = {
  packages: (): Promise<EvidencePackage[]> => api.get('/evidence'),
  disclosures: (): Promise<Disclosure[]> => api.get('/evidence-disclosures'),
  approvers: (): Promise<Approver[]> => api.get('/evidence-approvers'),
  contents: (id: string): Promise<PackageContents> => api.get(path`/evidence/${id}/contents`),
  request: (ask: PackageAsk): Promise<EvidencePackage> => build('/evidence', ask),
  redact: (parent: string, ask: RedactedAsk): Promise<EvidencePackage> => build(path`/evidence/${parent}/redacted`, ask),
  again: (id: string): Promise<EvidencePackage> => api.post(path`/evidence/${id}/ask`, {}),
  approve: (id: string, hash: string, line: string): Promise<EvidencePackage> =>
    api.post(path`/evidence/${id}/approve`, { package_hash: hash, line }),
  refuse: (id: string, reason: string): Promise<EvidencePackage> => api.post(path`/evidence/${id}/refuse`, { reason }),
  fileUrl: (id: string): string => `/api/v1/evidence/${encodeURIComponent(id)}/file`,
  viewerUrl: '/api/v1/evidence-viewer',
  csvUrl: (id: string): string => `/api/v1/evidence/${encodeURIComponent(id)}/calls.csv`,
};
