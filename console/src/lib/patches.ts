/** Patches in words. */

import type { Patch } from './api/patches';
import { hourMinute, ms } from './words';

/** `BRAND 2, AMBULANS and 1 more`: members but one, by name. */
export function othersWords(patch: Patch, talkgroup: string, name: (id: string) => string): string {
  const names = patch.members.filter((one) => one.talkgroup !== talkgroup).map((one) => name(one.talkgroup));
  if (patch.hidden > 0) names.push(`${patch.hidden} more`);
  const last = names.pop() ?? '';
  return names.length > 0 ? `${names.join(', ')} and ${last}` : last;
}

/** `until 15:40`, `until it is dropped`. */
export function untilWords(patch: Pick<Patch, 'until_utc'>, nowMs: number): string {
  if (patch.until_utc === null) return 'until it is dropped';
  const minutes = Math.max(0, Math.ceil((ms(patch.until_utc) - nowMs) / 60_000));
  return `until ${hourMinute(patch.until_utc)}, ${minutes} min left`;
}

/** Whose it is: `S. Holm, Position 3`, `the plan`. */
export function ownerWords(patch: Pick<Patch, 'owner' | 'position' | 'from_plan'>): string {
  if (patch.from_plan) return 'the plan';
  return patch.position ? `${patch.owner}, Position ${patch.position}` : patch.owner;
}

/** Minutes of `30m`, `2h`, `45`; null for anything else or beyond 12 hours. */
export function minutesOf(text: string): number | null {
  const [, count, unit] = /^(\d{1,3})(m|min|h)?$/i.exec(text) ?? [];
  if (!count) return null;
  const minutes = Number(count) * (unit?.toLowerCase() === 'h' ? 60 : 1);
  return minutes >= 1 && minutes <= 720 ? minutes : null;
}
