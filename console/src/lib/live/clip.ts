/** The roll of a clip: how much before and after the event, in seconds, within its limits. */

export const MAX_CLIP_S = 600;
export const ROLL_S = 30;
export const STEP_S = 5;
/** What the strip shows before and after the event. */
export const SHOWN_S = 180;

export interface Roll {
  before: number;
  after: number;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Move one handle; the other gives way where both together would be longer than ten minutes. */
export function moved(roll: Roll, side: keyof Roll, seconds: number, eventS: number): Roll {
  const most = MAX_CLIP_S - eventS;
  const value = Math.round(clamp(seconds, 0, Math.min(SHOWN_S, most)));
  const other = side === 'before' ? 'after' : 'before';
  return { ...roll, [side]: value, [other]: Math.max(0, Math.min(roll[other], most - value)) };
}

/** How far from the middle of the strip a handle stands, 0 to 1: short times have more room. */
export const reach = (seconds: number): number => Math.sqrt(Math.min(1, Math.max(0, seconds) / SHOWN_S));

/** The seconds of a place on the strip, `reach` backwards. */
export const secondsAt = (share: number): number => Math.max(0, share) ** 2 * SHOWN_S;

/** Which seconds a key means for a handle, null for another key. */
export function keyed(key: string, value: number, side: keyof Roll): number | null {
  const out = side === 'before' ? 'ArrowLeft' : 'ArrowRight';
  const back = side === 'before' ? 'ArrowRight' : 'ArrowLeft';
  const steps: Record<string, number> = {
    [out]: value + STEP_S,
    [back]: value - STEP_S,
    ArrowUp: value + STEP_S,
    ArrowDown: value - STEP_S,
    PageUp: value + 30,
    PageDown: value - 30,
    Home: 0,
    End: SHOWN_S,
  };
  return steps[key] ?? null;
}

/** `10 s`, `2 min 10 s`. */
export function secondsWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round(seconds % 60);
  if (!minutes) return `${rest} s`;
  return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** `Offset +0.4 s`, `Offset unknown`. */
export function offsetWords(skewMs: number | null): string {
  if (skewMs === null) return 'Offset unknown';
  const seconds = skewMs / 1000;
  const sign = seconds < 0 ? '−' : '+';
  return `Offset ${sign}${Math.abs(seconds).toFixed(1)} s`;
}
