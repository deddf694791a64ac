/**
 * What the server says. Events and request bodies are generated (`scripts/generate-client`); rows
 * of answers, which the server describes in docs, are written here. Times are µs UTC.
 */

import type { CallRow, Transmission } from './call_types';
import type { Events, EventType } from './events.gen';
import type { BoardLayout } from './layout_types';
import type { components } from './openapi.gen';
import type { IncidentRow } from './incident_types';
import type { Message } from './message_types';
import type { Patch } from './patch_types';
import type { TalkgroupInfo } from './talkgroup_types';
import type { UnitInfo } from './unit_types';

export type { Candidate, ClaimLook, EventClaim, MediaRow } from './claim_types';
export type * from './incident_types';
export type { Claim, Claims, Message, MessageSearch } from './message_types';
export type * from './call_types';
export type * from './talkgroup_types';
export type * from './unit_types';

export type * from './administration';
export type { Events, EventType };

/** Body of a request, by the name of its schema. */
export type Body<Name extends keyof components['schemas']> = components['schemas'][Name];

export interface ApiError {
  error: { message: string; hint?: string } | string;
  wait_s?: number;
}

export interface User {
  id: string;
  name: string;
  display_name: string;
  role: string;
  organisation: string;
}

export interface SessionInfo {
  user: User;
  permissions: string[];
  csrf: string;
  position?: string | null;
}

export interface Room {
  room: string;
  t_utc: number;
}

export interface PositionInfo {
  id: string;
  taken_by: string | null;
  you: boolean;
  listening?: boolean;
}

export interface Handover {
  text: string;
  by: string;
  t_utc: number;
}

export interface LinkInfo {
  id: string;
  name: string;
  site: string;
  kind: string;
  state: 'closed' | 'starting' | 'up' | 'unregistered' | 'down';
  reason: string;
  model: string;
  firmware: string;
  signal_dbm: number | null;
  speed_bps: number | null;
  group: number | null;
  /** Groups that the radio scans besides. */
  scanned?: number[];
  /** What is programmed into the radio, and what the network gave it; engineers only. */
  static_groups?: NamedGroup[];
  dynamic_groups?: NamedGroup[];
  own_number: number | null;
  capabilities: string[];
  nac?: number | null;
  since_utc: number | null;
}

export interface NamedGroup {
  number: number;
  name: string;
}

export interface SiteInfo {
  id: string;
  name: string;
}

export type AlarmState = 'raised' | 'shown' | 'acknowledged';

/** The event that raised it, and how far it came since. */
export interface Alarm extends Required<Events['alarm.raised']> {
  state: AlarmState;
  acknowledged_by: string;
  way: string;
  way_reason: string;
  t_raised_utc: number;
  t_ack_utc: number | null;
  link_lost: boolean;
  /** When the link went, where this page saw it go. */
  link_lost_utc?: number | null;
  last_heard_utc: number | null;
  escalated: string;
}

export interface CallSearch {
  calls: CallRow[];
  total: number;
  transmissions_total: number;
  duration_total_ms: number;
}

export interface Integrity {
  sha256: string | null;
  entry_seq: number | null;
  proof_hashes: number | string[];
  root: string | null;
  verified_utc: number | null;
  ok: boolean | null;
}

export interface CallSheet extends CallRow {
  integrity?: Integrity | Integrity[] | null;
  listened?: { t_utc: number; who: string; verb: string; purpose: string }[];
  protocol?: string[];
  plan?: number;
  held?: boolean;
  late?: boolean;
  files?: { transmission: string; kind: string; sha256: string; size_bytes: number }[];
}

export interface LogState {
  writable: boolean;
  reason?: string;
}

export type CallState = 'ringing' | 'taken' | 'dialling' | 'connected' | 'missed';

/** A private or telephone call; `line` is what is pressed on to talk in it. */
export interface PrivateCall {
  call: string;
  line: string;
  link: string;
  kind: 'private' | 'telephone';
  incoming: boolean;
  other: string | null;
  digits: string;
  alias: string;
  duplex: boolean;
  /** Up already: it waits to be picked up. */
  direct: boolean;
  emergency: boolean;
  queue_priority: number;
  encrypted: boolean;
  recorded: boolean;
  why: string;
  protected: boolean;
  rings_at: string[];
  position: string | null;
  operator: string;
  state: CallState;
  /** Of a call of ours: dialling, queued, ringing. */
  progress: string;
  /** them, us, or nobody. */
  talker: string;
  started_utc: number;
  connected_utc: number | null;
  ended_utc: number | null;
  cause: string;
  called_back_by: string;
}

/** What the server says to an answer or a number dialled. */
export interface CallAnswer {
  ok: boolean;
  reason: string;
  call: string;
  line: string;
}

export interface Snapshot {
  me: { user: User; position: string | null; permissions: string[]; room: string };
  plan: { number: number; name: string };
  talkgroups: TalkgroupInfo[];
  /** Of the own position; null without one. */
  layout: BoardLayout | null;
  links: LinkInfo[];
  sites: SiteInfo[];
  /** All units, or with `planned_units` only those of which more is known than the plan says. */
  units: UnitInfo[];
  /** What the plan says of units is asked for apart. */
  planned_units?: boolean;
  alarms: Alarm[];
  messages: Message[];
  transmissions: Transmission[];
  incidents: IncidentRow[];
  individual: PrivateCall[];
  patches: Patch[];
  positions: PositionInfo[];
  statuses: { value: number; digit: string; words: string; kind: string; system?: string | null }[];
  predefined_texts: string[];
  listening: Record<string, boolean>;
  log: LogState;
  disk: { low: boolean };
}

export interface Envelope {
  kind: 'event';
  v: number;
  id: string;
  seq: number;
  type: EventType;
  t_utc: number;
  gateway: string;
  trace: string;
  data: Record<string, unknown>;
}
