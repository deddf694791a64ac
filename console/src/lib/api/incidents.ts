/** Incidents and places: the requests of the incident desk. */

import { api, path, withQuery } from './client';
import type { Incident, IncidentCamera } from './types';

export interface IncidentChange {
  title?: string;
  priority?: number;
  state?: 'active' | 'waiting';
  /** `me`, empty for nobody, or the id of a position. */
  owner?: string;
  exercise?: boolean;
  reason?: string;
  version?: number;
}

export interface SplitParts {
  title: string;
  reason: string;
  events: string[];
  calls: string[];
  notes: number[];
  cameras: string[];
  units: string[];
  talkgroups: string[];
}

export interface MapShape {
  kind: string;
  name: string;
  closed: boolean;
  points: [number, number][];
}

export interface MapLabel {
  id: string;
  name: string;
  kind: string;
  address: string;
  latitude_deg: number;
  longitude_deg: number;
}

export interface MapDrawing {
  shapes: MapShape[];
  labels: MapLabel[];
  cut: boolean;
}

const answer = (method: string, where: string, body?: unknown): Promise<Incident> =>
  api.json<Incident>(method, where, body);

export const incidentApi = {
  change: (id: string, body: IncidentChange) => answer('PATCH', path`/incidents/${id}`, body),
  assignUnit: (id: string, unit: string) => answer('POST', path`/incidents/${id}/units`, { unit }),
  releaseUnit: (id: string, unit: string) => answer('DELETE', path`/incidents/${id}/units/${unit}`),
  linkCamera: (id: string, camera: string) => answer('POST', path`/incidents/${id}/cameras`, { camera }),
  unlinkCamera: (id: string, camera: string) => answer('DELETE', path`/incidents/${id}/cameras/${camera}`),
  dropTalkgroup: (id: string, talkgroup: string) => answer('DELETE', path`/incidents/${id}/talkgroups/${talkgroup}`),
  judge: (id: string, hint: string, state: 'confirmed' | 'rejected') =>
    answer('POST', path`/incidents/${id}/hints/${hint}`, { state }),
  merge: (id: string, into: string, reason: string) => answer('POST', path`/incidents/${id}/merge`, { into, reason }),
  undoMerge: (id: string, reason: string) => answer('POST', path`/incidents/${id}/unmerge`, { reason }),
  notSame: (id: string, other: string) => answer('POST', path`/incidents/${id}/not-the-same`, { other }),
  split: (id: string, parts: SplitParts) => answer('POST', path`/incidents/${id}/split`, parts),
  cameras: (): Promise<IncidentCamera[]> => api.get('/cameras'),
  drawing: (): Promise<MapDrawing> => api.get('/places/map'),
  words: (at: readonly string[]): Promise<string[]> => api.get(withQuery('/places/words', { at })),
  places: (q: string): Promise<MapLabel[]> => api.get(withQuery('/places', { q })),
};
