/** Incidents as the API answers them. */

import type { CallRow } from './call_types';
import type { EventClaim, MediaRow } from './claim_types';
import type { UnitInfo } from './unit_types';

export interface IncidentRow {
  id: string;
  label: string;
  title: string;
  kind: string;
  severity: string;
  state: string;
  opened_utc: number;
  closed_utc?: number | null;
  close_reason?: string;
  closed_by?: string;
  opened_by?: string;
  camera?: string | null;
  place?: string;
  event_count?: number;
  storm?: boolean;
  storm_events?: number;
  clock_note?: string;
  talkgroups?: string[];
  /** Suggestions of 60 or more that nobody decided on. */
  suggested?: number;
  /** 1 (at once) to 4 (can wait). */
  priority?: number;
  owner?: string;
  owner_name?: string;
  exercise?: boolean;
  merged_into?: string | null;
  latitude_deg?: number | null;
  longitude_deg?: number | null;
  range_m?: number;
  version?: number;
  counts?: { cameras: number; units: number; calls: number };
}

export interface NamedIncident {
  id: string;
  label: string;
  title: string;
}

export interface IncidentCamera {
  id: string;
  name: string;
  place: string;
  latitude_deg: number | null;
  longitude_deg: number | null;
  bearing_deg: number | null;
  range_m: number;
  state: string;
  since_utc: number;
  /** seen: it reported something; linked: a person linked it. */
  link?: 'seen' | 'linked';
}

export interface IncidentUnit {
  unit: string;
  alias: string;
  number: number;
  state: 'assigned' | 'released';
  by: string;
  at_utc: number;
  released_utc: number | null;
  on_scene_utc: number | null;
  status: UnitInfo['status'];
  talkgroup: string | null;
  distance_m: number | null;
  distance: string;
  place: string;
}

/** A suggested unit or camera. */
export interface Hint {
  id: string;
  kind: 'unit' | 'camera';
  object: string;
  score: number;
  state: 'suggested' | 'confirmed' | 'rejected';
  why: string;
  by: string;
  at: number;
  unit?: IncidentUnit;
}

export interface Suggestion {
  id: string;
  call: string;
  score: number;
  state: 'suggested' | 'confirmed' | 'rejected' | 'open';
  why: string | string[];
  by: string | null;
  at: number | null;
  call_row: CallRow | null;
}

export interface TimelineEntry {
  id?: number;
  t_utc: number;
  kind: string;
  who: string;
  text: string;
  call?: string;
  call_row?: CallRow | null;
  unit?: string;
  unit_name?: string;
  camera?: string;
  state?: string;
  /** Words of a text, while they are kept and this person may read them. */
  words?: string;
  message?: string;
  erased_utc?: number | null;
}

export interface CameraEvent {
  id: string;
  kind: string;
  phase: string;
  camera: string;
  t_event_utc: number;
  severity: string;
  labels: (string | { name?: string; label?: string })[];
  score: number | null;
  claims?: EventClaim[];
  notes?: string[];
}

export interface Incident extends IncidentRow {
  events: CameraEvent[];
  timeline: TimelineEntry[];
  suggestions: Suggestion[];
  talkgroups: string[];
  possibly_same: (NamedIncident & { why: string })[];
  units: IncidentUnit[];
  cameras: IncidentCamera[];
  hints: Hint[];
  merged_to: NamedIncident | null;
  merged_from: (NamedIncident & { direct: boolean })[];
  split_of: NamedIncident | null;
  counted?: { camera: string; reason: string; events: number }[];
  media?: MediaRow[];
}
