/** Patches in words. */

import type { Patch, PatchMix } from './api/patches';
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

/** Members by name, those that one may not know by number: `BRAND 1, AMBULANS and 2 more`. */
export function membersWords(known: readonly string[], hidden: number, name: (id: string) => string): string {
  const names = known.map(name);
  if (hidden > 0) names.push(names.length > 0 ? `${hidden} more` : `${hidden} you may not know`);
  const last = names.pop() ?? '';
  return names.length > 0 ? `${names.join(', ')} and ${last}` : last;
}

/** Who hears in clear what is said on a mix. */
export const clearWords = (mix: PatchMix, name: (id: string) => string): string =>
  membersWords(mix.clear, mix.clear_hidden, name);

/** What is encrypted by itself, and no more while the patch stands. */
export const encryptedWords = (mix: PatchMix, name: (id: string) => string): string =>
  membersWords(mix.encrypted, mix.encrypted_hidden, name);

/** Whether a press on a mix waits for this operator's confirmation. */
export const unconfirmed = (mix: PatchMix | null, nowMs: number): boolean =>
  mix !== null && (mix.confirmed_until_utc === null || ms(mix.confirmed_until_utc) <= nowMs);

/** Behind a talkgroup's name on whatever talks: ` + 2, mixed`. */
export function plusWords(others: number, mixed: boolean): string {
  return `${others > 0 ? ` + ${others}` : ''}${mixed ? ', mixed' : ''}`;
}

/** Minutes of `30m`, `2h`, `45`; null for anything else or beyond 12 hours. */
export function minutesOf(text: string): number | null {
  const [, count, unit] = /^(\d{1,3})(m|min|h)?$/i.exec(text) ?? [];
  if (!count) return null;
  const minutes = Number(count) * (unit?.toLowerCase() === 'h' ? 60 : 1);
  return minutes >= 1 && minutes <= 720 ? minutes : null;
}
