/** What page, worker and server say to each other about a press. */

import type { TxState } from '../api/types';

export const RENEW_MS = 100;

export interface Press {
  request: string;
  talkgroup: string;
  source: string;
  priority: number;
  latched: boolean;
  /** What a test transmission says besides: that it was confirmed, its sound, its length. */
  test?: TestTerms;
}

/** `rtc` names the sound session whose microphone is heard. */
export type TestTerms = { confirmed: true; limit_ms: number } & ({ sound: 'tone' } | { sound: 'microphone'; rtc: string });

/** Page to worker. */
export type ToWorker =
  | { op: 'open'; url: string }
  | { op: 'close' }
  | ({ op: 'press' } & Press)
  /** The page's main thread still runs and the key is still held. */
  | { op: 'alive'; request: string }
  | { op: 'release'; request: string }
  | { op: 'abort'; request: string; cause: string };

/** What the server says of a press. */
export interface ServerState {
  op: 'state';
  request: string;
  talkgroup: string;
  state: TxState;
  words: string;
  place: number | null;
  on_air_ms: number | null;
  transmission: string | null;
  /** On air, but the gateway gets nothing from the microphone. */
  unheard?: boolean;
  /** Of a press that is over, in ms: from the press to the grant and to the first own sound, from the release to the un-key. */
  grant_ms?: number | null;
  first_ms?: number | null;
  unkey_ms?: number | null;
  /** What the operator has to agree to before a press goes on: talking on the mixed patch of this id. */
  ask?: { mix: string };
}

/** Worker to page. */
export type FromWorker =
  | { op: 'tick'; request: string }
  | { op: 'socket'; open: boolean }
  | { op: 'unsent'; request: string }
  | ServerState;

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** `r-` and a lower-case ULID: 48 bits of ms, 80 random bits. */
export function requestId(
  nowMs = Date.now(),
  random: Uint8Array = crypto.getRandomValues(new Uint8Array(10)),
): string {
  let value = BigInt(nowMs);
  for (const byte of random) value = (value << 8n) | BigInt(byte);
  let text = '';
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += DIGITS[Number((value >> shift) & 31n)];
  return `r-${text}`;
}
