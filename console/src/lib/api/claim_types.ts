/** Face and plate candidates, stills and clips. What a candidate names is only in `ClaimLook`. */

export type ClaimType = 'plate' | 'face' | 'name';

/** Of persons (LED Art. 6). */
export const CATEGORIES = ['unknown', 'suspect', 'victim', 'witness', 'other'] as const;
export type PersonCategory = (typeof CATEGORIES)[number];

export interface Candidate {
  id: string;
  incident: string;
  label: string;
  place: string;
  camera: string;
  type: ClaimType;
  /** Confirmations by different people. */
  needed: number;
  /** I confirmed it; somebody else has to look. */
  answered: boolean;
  made_utc: number;
  expires_utc: number;
}

export interface ClaimLook extends Candidate {
  value: string;
  category: PersonCategory;
  stills: { id: string; state: string; reason: string }[];
  /** After the own answer only. */
  score?: number | null;
}

export interface EventClaim {
  type: string;
  value: string | null;
  status: string;
  /** Of a confirmed one. */
  category?: PersonCategory;
}

export interface MediaRow {
  id: string;
  kind: 'still' | 'clip';
  camera: string;
  state: 'wanted' | 'fetched' | 'partial' | 'gone';
  reason: string;
  made_utc: number;
  made_by: string;
  duration_ms: number | null;
}
