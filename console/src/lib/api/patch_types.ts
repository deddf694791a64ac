/** Patches as the server tells them. Times are µs UTC. */

export interface PatchMember {
  talkgroup: string;
  /** Whether its radio can be keyed now; null while nobody has looked. */
  ready: boolean | null;
  reason: string;
  /** Why it did not hear the last over, empty when it did. */
  skipped: string;
  skipped_utc: number | null;
}

/** Encrypted and unencrypted members side by side: what is said on the first is heard in clear on the others. */
export interface PatchMix {
  encrypted: string[];
  clear: string[];
  /** Members that this operator may not know. */
  encrypted_hidden: number;
  clear_hidden: number;
  /** Stands for exactly this mix; a confirmation of another one is refused. */
  key: string;
  /** Until when this operator's confirmation holds, null without one. */
  confirmed_until_utc: number | null;
}

export interface Patch {
  id: string;
  /** What tiles show: P1 to P99. */
  label: string;
  name: string;
  members: PatchMember[];
  /** Members that this operator may not know. */
  hidden: number;
  owner: string;
  owner_id: string;
  position: string | null;
  reason: string;
  since_utc: number;
  /** Null: until somebody drops it. */
  until_utc: number | null;
  /** The mix of encrypted and unencrypted is agreed to, should it be one. */
  mixed: boolean;
  from_plan: boolean;
  /** Null: not mixed; undefined: not asked yet. */
  mix?: PatchMix | null;
}
