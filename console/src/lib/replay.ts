/** What J, K and L mean at a talkgroup whose recordings are `rows`, newest first. */

import type { Transmission } from './api/types';

export type ReplayStep =
  | { kind: 'play'; row: Transmission; click: boolean }
  | { kind: 'seek'; direction: -1 | 1 }
  | { kind: 'toggle' }
  /** There is nothing older. */
  | { kind: 'edge' }
  | { kind: 'nothing' };

export interface Playing {
  id: string | null;
  positionMs: number;
  durationMs: number;
}

/** Nearer than this to its start, back means the one before. */
const START_MS = 1_500;
const STEP_MS = 3_000;

export function replayStep(
  step: 'back' | 'play' | 'forward',
  rows: readonly Transmission[],
  playing: Playing,
): ReplayStep {
  const at = rows.findIndex((row) => row.id === playing.id);
  const newest = rows[0];
  if (at < 0) {
    if (step === 'forward' || !newest) return { kind: 'nothing' };
    return { kind: 'play', row: newest, click: false };
  }
  if (step === 'play') return { kind: 'toggle' };
  if (step === 'back') {
    if (playing.positionMs > START_MS) return { kind: 'seek', direction: -1 };
    const older = rows[at + 1];
    return older ? { kind: 'play', row: older, click: true } : { kind: 'edge' };
  }
  if (playing.positionMs + STEP_MS < playing.durationMs) return { kind: 'seek', direction: 1 };
  const newer = rows[at - 1];
  return newer ? { kind: 'play', row: newer, click: true } : { kind: 'nothing' };
}
