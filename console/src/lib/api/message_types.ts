/** Messages as the server tells them. */

export type UnitAct =
  | 'call_alert'
  | 'status_query'
  | 'status_update'
  | 'radio_check'
  | 'inhibit'
  | 'uninhibit';

export interface Message {
  id: string;
  incoming: boolean;
  link: string;
  sender: string | null;
  /** The other end: who sent it, or whom it is for. */
  alias: string;
  to: string | null;
  talkgroup: string | null;
  text: string;
  operator: string;
  state: string;
  reason: string;
  t_utc: number;
  opened_by: string;
  opened_utc: number | null;
  immediate: boolean;
  guessed: boolean;
  coding: string;
  raw_hex: string;
  kind: 'text' | 'status' | 'data' | 'position_request' | UnitAct;
  value: number | null;
  pid: number | null;
  /** The sender's own time, without Z where it is local to its network. */
  written: string;
  /** Identities that some networks write into a text. */
  opta: string;
  itsi: string;
  parts: number;
  parts_missing: number;
  claims: Claims;
}

export type Claim = 'accepted' | 'sent' | 'delivered' | 'read';
/** When each claim came to be known, null where it is not. */
export type Claims = Record<Claim, number | null>;

export interface MessageSearch {
  messages: Message[];
  total: number;
}
