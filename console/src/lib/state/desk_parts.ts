/** Parts of the desk that look at it from outside: replay by keys, who sits where, what is asked. */

import { audible } from '../audible';
import { replayStep } from '../replay';
import type { Envelope } from '../api/types';
import type { Cue } from '../audio/cues';
import type { Activity } from './activity.svelte';
import { patches } from './patches.svelte';
import type { Prefs } from './prefs.svelte';
import type { Session } from './session.svelte';
import type { Sound } from './sound.svelte';
import type { Talkgroup, Talkgroups } from './talkgroups.svelte';
import { ui } from './ui.svelte';

interface Replaying {
  readonly talkgroups: Talkgroups;
  readonly session: Session;
  readonly activity: Activity;
  readonly sound: Sound;
}

/** J, K and L at a talkgroup. */
export function replayAt(
  desk: Replaying,
  step: 'back' | 'play' | 'forward',
  talkgroup: string | null,
  alert: (cue: Cue) => void,
): void {
  const row = talkgroup ? desk.talkgroups.byId.get(talkgroup) : undefined;
  if (!row?.may('replay') || !desk.session.can('recording.play')) return;
  const rows = desk.activity.of(row.id, 100).filter((one) => one.has_sound && one.readable && one.ended_utc !== null);
  const { player } = desk.sound;
  const { playing: id, positionMs, durationMs } = player;
  const next = replayStep(step, rows, { id, positionMs, durationMs });
  if (next.kind === 'toggle') player.toggle();
  else if (next.kind === 'seek') player.skip(next.direction);
  else if (next.kind === 'edge') alert('edge');
  else if (next.kind === 'play') {
    if (next.click) alert('slot');
    void player.play(next.row);
  }
}

/** Keep who sits where, and whether this desk was given up for it. */
export function positionChanged(
  desk: { readonly session: Session; deaf: Record<string, boolean> },
  envelope: Envelope,
): void {
  const { data, type } = envelope;
  const id = String(data['position']);
  const row = desk.session.positions.find((one) => one.id === id);
  if (type === 'position.taken' && row) row.taken_by = String(data['operator']);
  if (type === 'position.listening') desk.deaf[id] = data['listening'] === false;
  if (type !== 'position.left') return;
  if (row) row.taken_by = null;
  const mine = id === desk.session.position && data['user'] === desk.session.user?.id;
  if (mine && data['cause'] !== 'left') {
    desk.session.lostPosition(`Position ${id} was given up: ${String(data['cause']).replace('_', ' ')}`);
  }
}

/** A press waits for the operator to agree to a mix: its dialog, unless another one is being worked in. */
export function askMix(patch: string, say: (words: string) => void): void {
  if (ui.dialog === null || ui.dialog === 'mix') ui.open('mix', patch);
  else say(`Close this window, then confirm ${patches.find(patch)?.label ?? 'the patch'} and press again`);
}

/** Whether what is said on a talkgroup is audible at this desk now; `hot`: heard as if it were selected. */
export function hears(
  desk: {
    readonly sound: Sound;
    readonly prefs: Prefs;
    readonly selected: string | null;
    readonly selectedTalkgroup: Talkgroup | null;
    readonly micOpen: boolean;
  },
  talkgroup: string,
  hot: boolean,
): boolean {
  const { prefs, sound } = desk;
  const select = talkgroup === desk.selected || hot;
  return audible({
    listening: sound.listening,
    muted: prefs.mutedOf(talkgroup),
    volume: prefs.volumeOf(talkgroup),
    busVolume: prefs.busVolume[select ? 'select' : 'monitor'] ?? 1,
    select,
    selectReceives: desk.selectedTalkgroup?.receiving === true,
    speakerHushed: prefs.speaker && desk.micOpen,
  });
}
