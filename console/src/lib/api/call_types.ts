/** Calls and their transmissions as the call log tells them. Times are µs UTC. */

export interface Transmission {
  id: string;
  call: string | null;
  talkgroup: string;
  talker: string | null;
  alias: string;
  position: string | null;
  operator: string;
  started_utc: number;
  ended_utc: number | null;
  duration_ms: number | null;
  emergency: boolean;
  encrypted: boolean;
  readable: boolean;
  algorithm?: number | null;
  key_id?: number | null;
  /** Share of wrong bits in what was received; null where the link does not know. */
  bit_error_rate?: number | null;
  late_entry: boolean;
  /** On a test talkgroup, and no real emergency. */
  exercise?: boolean;
  cause: string;
  has_sound: boolean;
  refused: string | null;
  /** Name of the recorder that uploaded it; empty for what our own links heard. */
  uploaded?: string;
  /** Of what a patch passed on: the over that was received, and the patch's label. */
  source?: string | null;
  via?: string;
  /** Why an uploaded recording cannot be heard; in the call log only. */
  why_no_sound?: string;
  /** What further links heard of the same over; in the call log only. */
  copies?: Copy[];
}

export interface Copy {
  id: string;
  link: string;
  link_name: string;
  uploaded?: string;
  duration_ms: number;
  has_sound: boolean;
}

export interface Note {
  id?: string;
  t_utc: number;
  operator?: string;
  by?: string;
  text: string;
}

export interface CallRow {
  id: string;
  call_seq: number;
  talkgroup: string;
  talkgroup_name: string;
  started_utc: number;
  ended_utc: number | null;
  duration_ms: number | null;
  units: { id: string; alias: string }[];
  emergency: boolean;
  /** On a test talkgroup, and no real emergency. */
  exercise?: boolean;
  encrypted: boolean;
  algorithm?: number | null;
  key_id?: number | null;
  outcome: string;
  interrupted: boolean;
  notes: Note[];
  transmissions: Transmission[];
  retention: { class: string; expires_utc: number | null } | null;
  /** Set for a private or telephone call. */
  individual?: IndividualLog | null;
}

export interface IndividualLog {
  kind: 'private' | 'telephone';
  incoming: boolean;
  other: string | null;
  digits: string;
  alias: string;
  duplex: boolean;
  recorded: boolean;
  why: string;
  position: string | null;
  operator: string;
  waited_ms: number | null;
  talked_ms: number;
  outcome: string;
  declined_at: string;
}
