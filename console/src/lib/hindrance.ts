/** Why nothing can be sent from this desk, before anybody asks the server. */

import { MIC_HINDRANCE } from './audio/mic.svelte';
import { isPrivate } from './calls';
import type { Ptt } from './ptt/ptt.svelte';
import type { PrivateCalls } from './state/calls.svelte';
import type { Sound } from './state/sound.svelte';
import type { Talkgroups } from './state/talkgroups.svelte';

/** So long push-to-talk works on what was known last. */
const TRUSTED_S = 10;

/** What of a desk it depends on. */
export interface Facts {
  readonly sound: Sound;
  readonly talkgroups: Talkgroups;
  readonly ptt: Ptt;
  readonly calls: PrivateCalls;
  readonly staleS: number | null;
  readonly screen?: { readonly second: boolean };
}

/** In words, empty when it can be sent. */
export function hindrance(desk: Facts, target: string): string {
  if (desk.screen?.second) return 'talk at screen 1';
  const microphone = MIC_HINDRANCE[desk.sound.mic.state];
  if (isPrivate(target)) return microphone;
  const row = desk.talkgroups.byId.get(target);
  if (!row) return 'this talkgroup is not yours';
  if (!row.may('talk')) return 'you may not talk here';
  if (row.info.links.length === 0) return 'no radio serves this talkgroup';
  if (row.state.rx === 'offline') return row.state.reason || 'link lost';
  const emergency = desk.ptt.current?.source === 'emergency' && !desk.ptt.current.released;
  if (!emergency && desk.calls.holds(row.info.links)) return 'radio is in a private call';
  const silent = desk.staleS ?? 0;
  return silent >= TRUSTED_S ? `no news from the server for ${silent} s` : microphone;
}
