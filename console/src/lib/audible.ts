/** Was an over heard at this desk? Decides the unheard dot. */

export interface Ears {
  /** The desk has sound at all. */
  listening: boolean;
  muted: boolean;
  /** The operator's volume of the talkgroup and of its bus, 0..1. */
  volume: number;
  busVolume: number;
  /** The over is on the Select bus: selected, or with an emergency. */
  select: boolean;
  /** Somebody is heard on the selected talkgroup, so that the others are ducked. */
  selectReceives: boolean;
  /** A loudspeaker, while the own microphone is open. */
  speakerHushed: boolean;
}

const LEAST_VOLUME = 0.05;

export function audible(ears: Ears): boolean {
  if (!ears.listening || ears.muted || ears.speakerHushed) return false;
  if (ears.volume < LEAST_VOLUME || ears.busVolume < LEAST_VOLUME) return false;
  return ears.select || !ears.selectReceives;
}
