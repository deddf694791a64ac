/** Watch-list, sources of faces, objects of staff, grants to approve again. Times are µs UTC. */

import type { PersonCategory } from './claim_types';
import { api, path } from './client';
import type { GrantRow } from './types';

export type WatchType = 'plate' | 'face' | 'name';

export interface WatchRow {
  id: string;
  type: WatchType;
  value: string;
  owner: string;
  category: PersonCategory;
  basis: string;
  added_utc: number;
  expires_utc: number;
}

export interface FaceRow {
  source: string;
  basis: string;
  on_utc: number;
  expires_utc: number;
}

export interface StaffRow {
  id: string;
  kind: string;
  added_utc: number;
}

export interface GrantReview extends GrantRow {
  /** When somebody approved it last. */
  seen_utc: number;
  no_end: boolean;
}

export const STAFF_KINDS = ['radio', 'telephone', 'car', 'home'] as const;
export const MAX_DAYS = 90;
export const FEWEST = 10;

export const watching = {
  entries: (): Promise<WatchRow[]> => api.get('/watch-list'),
  ask: (type: WatchType, value: string, category: PersonCategory, basis: string, days: number): Promise<{ approval: string }> =>
    api.post('/watch-list', { type, value, category, basis, days }),
  remove: (id: string): Promise<unknown> => api.delete(path`/watch-list/${id}`),

  faces: (): Promise<FaceRow[]> => api.get('/face-sources'),
  faceOn: (source: string, basis: string, days: number): Promise<{ approval: string }> =>
    api.post(path`/face-sources/${source}`, { basis, days }),
  faceOff: (source: string): Promise<unknown> => api.delete(path`/face-sources/${source}`),

  staff: (): Promise<StaffRow[]> => api.get('/staff-objects'),
  addStaff: (kind: string, value: string, person: string): Promise<unknown> => api.post('/staff-objects', { kind, value, person }),
  removeStaff: (id: string): Promise<unknown> => api.delete(path`/staff-objects/${id}`),

  grants: (): Promise<GrantReview[]> => api.get('/grants/review'),
  keepGrant: (id: number): Promise<GrantRow> => api.post(path`/grants/${String(id)}/keep`, {}),
};
