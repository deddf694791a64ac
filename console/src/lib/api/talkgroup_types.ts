/** Talkgroups as the server tells them. */

export type RxState =
  | 'quiet'
  | 'receiving'
  | 'receiving_encrypted'
  | 'encrypted_unreadable'
  | 'late_entry'
  | 'recall'
  | 'muted'
  | 'offline'
  | 'stale';

export type TxState =
  | 'idle'
  | 'requesting'
  | 'queued'
  | 'on_air'
  | 'ending'
  | 'denied'
  | 'preempted'
  | 'fault';

export type Action = 'see' | 'hear' | 'talk' | 'replay' | 'search' | 'export';

export interface LastTalk {
  alias: string;
  position: string | null;
  operator: string;
  via?: string;
  ended_utc: number;
  bit_error_rate?: number | null;
}

export interface TalkgroupState {
  rx: RxState;
  transmission: string | null;
  call: string | null;
  talker: string | null;
  alias: string;
  position: string | null;
  operator: string;
  /** Label of the patch that it comes through. */
  via?: string;
  started_utc: number | null;
  last: LastTalk | null;
  emergency: boolean;
  /** What runs now is an exercise: on a test talkgroup, and no real emergency. */
  exercise?: boolean;
  alarm: string | null;
  reason: string;
  since_utc: number | null;
  /** Of the running over: algorithm and key where the link tells them, share of wrong bits. */
  encrypted?: boolean;
  algorithm?: number | null;
  key_id?: number | null;
  bit_error_rate?: number | null;
  /** What the links of the talkgroup can carry, once one of them has said it. */
  emergency_in: boolean;
  emergency_ack: boolean;
  affiliation: boolean;
  delivery: boolean;
  capabilities_known: boolean;
  members_known: boolean;
  heard_last_hour: number;
  not_recorded: boolean;
  radio_on: string | null;
}

export interface TalkgroupInfo {
  id: string;
  system: string;
  number: number;
  name: string;
  folder: string;
  agency: string;
  agency_kind: string;
  priority: number;
  address: number | null;
  recorded: boolean;
  encrypted: boolean;
  test: boolean;
  transmit_limit_s: number;
  technology: string;
  system_name?: string;
  sites?: string[];
  /** Network access code of a P25 base station. */
  nac?: number | null;
  links: string[];
  actions: Action[];
  state: TalkgroupState;
}
