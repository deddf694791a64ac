/** Calls that other recorders upload: keys, counters, refusals. Times are µs UTC. */

import { api, path } from './client';

export interface Counter {
  number: number;
  last_utc: number;
}

export interface UploadKeyRow {
  id: string;
  name: string;
  system: string;
  short_name: string;
  told_system: number | null;
  talkgroups: number[];
  blocked: number[];
  made_by: string;
  made_utc: number;
  revoked_by: string;
  revoked_utc: number | null;
  last_utc: number | null;
  lag_ms: number | null;
  offset_ms: number | null;
  offset_utc: number | null;
  taken: Record<string, Counter>;
  refused: Record<string, Counter>;
}

export interface RefusalRow {
  t_utc: number;
  key: string;
  recorder: string;
  reason: string;
  talkgroup: number;
  address: string;
}

export interface UploadBoard {
  keys: UploadKeyRow[];
  unknown_key: { taken: Record<string, Counter>; refused: Record<string, Counter> };
  unknown_talkgroups: string[];
  waiting: number;
  refusals: RefusalRow[];
  settings: {
    max_mb: number;
    per_minute: number;
    max_waiting: number;
    unknown_talkgroups: 'keep' | 'refuse';
    max_age_days: number;
  };
}

export interface NewUploadKey {
  name: string;
  system: string;
  short_name: string;
  told_system: number | null;
  talkgroups: number[];
  blocked: number[];
}

/** One recording of a call as it was received. */
export interface UploadSource {
  id: string;
  recorder: string;
  family: string;
  client: string;
  started_utc: number;
  received_utc: number;
  offset_ms: number | null;
  told_ms: number | null;
  length_ms: number | null;
  main: boolean;
  errors: number;
  sha256: string;
  size_bytes: number;
  ending: string;
  state: 'waiting' | 'ready' | 'unplayable' | 'metadata';
  reason: string;
}

export const uploadsApi = {
  board: (): Promise<UploadBoard> => api.get('/uploads'),
  make: (key: NewUploadKey): Promise<{ id: string; name: string; secret: string }> => api.post('/upload-keys', key),
  revoke: (id: string): Promise<unknown> => api.post(path`/upload-keys/${id}/revoke`),
};
