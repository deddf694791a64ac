/** What a tile shows: receive state, badges and words, from the talkgroup and the desk. */

import type { RxState } from './api/types';
import type { IconName } from './icons';
import { receptionWords } from './air';
import { RX_WORDS } from './words';
import type { Patch } from './api/patches';
import type { Talkgroup } from './state/talkgroups.svelte';

export interface Badge {
  icon: IconName;
  word: string;
  warn: boolean;
}

export interface TileView {
  rx: RxState;
  /** Somebody else is on the talkgroup now, readable or not. */
  live: boolean;
  words: string;
  emg: 'none' | 'lost' | undefined;
  badges: Badge[];
  /** How the running over is received, where the link knows it. */
  reception: string;
}

/** The part of the desk that a tile looks at. */
export interface TileDesk {
  readonly staleS: number | null;
  readonly prefs: { mutedOf(talkgroup: string): boolean };
  readonly session: { position: string | null };
  readonly ptt: { stateOf(talkgroup: string): string };
  readonly sound: { player: { playing: string | null; talkgroup: string | null } };
}

export function tileView(row: Talkgroup, desk: TileDesk, patch?: Patch, unconfirmed = false): TileView {
  const { state, info } = row;
  const muted = desk.prefs.mutedOf(row.id);
  const own = state.position !== null && state.position === desk.session.position;
  const busy = state.transmission !== null && !own;
  let rx: RxState = state.rx;
  if (rx !== 'offline') {
    if (!busy) rx = 'quiet';
    if (desk.staleS !== null) rx = 'stale';
    else if (desk.sound.player.playing && desk.sound.player.talkgroup === row.id) rx = 'recall';
    else if (!busy && muted) rx = 'muted';
  }
  const live = busy && rx !== 'offline' && rx !== 'stale' && rx !== 'recall';
  const badges: Badge[] = [];
  const add = (when: boolean, icon: IconName, word: string, warn = false): void => {
    if (when) badges.push({ icon, word, warn });
  };
  add(rx === 'stale', 'stale', `No news ${desk.staleS ?? 0} s`, true);
  add(desk.ptt.stateOf(row.id) === 'queued', 'stale', 'Queued', true);
  add(state.not_recorded, 'norec', 'NOT RECORDED', true);
  const mixed = patch?.mix ? ' mixed' : '';
  add(patch !== undefined, 'patch', `${patch?.label ?? ''}${mixed}`, unconfirmed || patchTrouble(patch, row.id));
  add(rx === 'offline', 'off', 'Offline');
  add(rx === 'encrypted_unreadable', 'nokey', 'No key');
  add(rx === 'receiving_encrypted' || (info.encrypted && !badges.length), 'lock', 'Enc');
  add(rx === 'late_entry', 'recall', 'Joined late');
  add(rx === 'recall', 'recall', 'Replay');
  const reception = live ? receptionWords(state.bit_error_rate) : '';
  add(muted && rx !== 'offline', 'mute', 'Muted');
  if (state.exercise && state.transmission) add(true, 'flask', 'EXERCISE');
  else add(info.test, 'flask', 'Test');
  add(!info.recorded && !info.test, 'rec', 'Recording off');
  add(reception !== '' && badges.length === 0, 'tower', reception); // the header has room for one such
  const words = rx === 'stale' ? `no news ${desk.staleS ?? 0} s` : RX_WORDS[rx];
  const emg = !state.emergency_in ? 'none' : rx === 'offline' ? 'lost' : undefined;
  return { rx, live, words, emg, badges: badges.slice(0, 2), reception };
}

/** A member that did not hear the last over, or cannot be keyed. */
function patchTrouble(patch: Patch | undefined, talkgroup: string): boolean {
  const one = patch?.members.find((member) => member.talkgroup === talkgroup);
  return one !== undefined && (one.ready === false || one.skipped !== '');
}
