/** The small line of the push-to-talk bar while a press lasts. */

import type { Alarm } from '../api/types';
import { alarmWord } from '../words';
import type { CurrentPress } from './ptt.svelte';
import type { PressFigures } from './testtalk.svelte';

const WARN_S = 10;

/** The figures of a press that is over, a name and a value each; `-` for what never came. */
export function figureRows(of: PressFigures): { name: string; value: string }[] {
  const ms = (value: number | null): string => (value === null ? '-' : `${value} ms`);
  return [
    { name: 'Press to grant', value: ms(of.grantMs) },
    { name: 'Press to first sound', value: ms(of.firstMs) },
    { name: 'On air', value: `${(of.onAirMs / 1000).toFixed(1)} s` },
    { name: 'Release to un-key', value: ms(of.unkeyMs) },
  ];
}

/** `EMERGENCY 3204: release` while an alarm waits for an open microphone. */
export function releaseWords(alarm: Pick<Alarm, 'exercise' | 'alias' | 'unit'>): string {
  const unit = alarm.alias || (alarm.unit?.split('/')[1] ?? '');
  return `${alarmWord(alarm)} ${unit}`.trim() + ': release';
}

/** What to do, or how long it may go on; an emergency comes first. */
export function pressWords(
  press: Pick<CurrentPress, 'state' | 'latched' | 'limitS' | 'onAirAt'> & Partial<Pick<CurrentPress, 'source'>>,
  waiting: Pick<Alarm, 'exercise' | 'alias' | 'unit'> | undefined,
  nowMs: number,
): string {
  if (waiting) return releaseWords(waiting);
  if (press.source === 'call') return 'End closes the microphone';
  if (press.state !== 'on_air') return press.latched ? 'latched' : '';
  const onAirMs = nowMs - (press.onAirAt ?? nowMs);
  const left = Math.max(0, Math.ceil(press.limitS - onAirMs / 1000));
  if (press.latched) return `latched, ${left} s left: press to end`;
  return left <= WARN_S ? `limit in ${left} s` : 'release to end';
}
