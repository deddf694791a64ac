/** Who still uses what a plan takes out, in words for the comparison. */

import type { PlanUse, Uses } from './api/plans';
import { many } from './words';

const DAY_MS = 86_400_000;
export type UseMap = ReadonlyMap<string, PlanUse>;

/** Uses by kind and id of what goes. */
export const usesBy = (told: Uses | null): UseMap => new Map((told?.uses ?? []).map((one) => [`${one.kind}/${one.id}`, one]));

const date = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10);

export function heardWords(use: PlanUse, logFromUtc: number | null, nowMs: number): string {
  if (use.last_heard_utc === null) return logFromUtc === null ? 'not heard: the call log is empty' : `not heard since the call log begins, ${date(logFromUtc)}`;
  const days = Math.floor((nowMs - use.last_heard_utc / 1000) / DAY_MS);
  return `last heard ${days <= 0 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`}`;
}

/** What one line of the table holds: layouts and last heard; for more there is the title. */
export function useWords(use: PlanUse, logFromUtc: number | null, nowMs: number): string {
  const heard = heardWords(use, logFromUtc, nowMs);
  return use.kind === 'unit' ? heard : `in ${use.layouts.length === 0 ? 'no layout' : many(use.layouts.length, 'layout')}, ${heard}`;
}

/** Everything that is known of it, a sentence each. */
export function useLines(use: PlanUse, logFromUtc: number | null, nowMs: number): string[] {
  const lines = use.now.map((words) => `Now: ${words}`);
  if (use.positions.length > 0) lines.push(`Selected at Position ${use.positions.join(', ')}`);
  if (use.patches.length > 0) lines.push(`In patch ${use.patches.join(', ')}`);
  if (use.layouts.length > 0) lines.push(`In ${use.layouts.length === 1 ? 'layout' : 'layouts'} ${use.layouts.join(', ')}`);
  if (use.links.length > 0) lines.push(`On ${use.links.join(', ')}`);
  if (use.units > 0) lines.push(`Home of ${many(use.units, 'unit')}`);
  lines.push(heardWords(use, logFromUtc, nowMs).replace(/^./, (sign) => sign.toUpperCase()));
  if (use.last_heard_utc !== null) lines.push(`The last call began ${use.kind === 'unit' ? date(use.last_heard_utc) : new Date(use.last_heard_utc / 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC'}`);
  return lines;
}

/** Why it is in use at this moment; empty when it is not. */
export function inUse(use: PlanUse): string {
  if (use.now.length > 0) return 'In use';
  if (use.positions.length > 0) return `Selected at ${use.positions.join(', ')}`;
  return use.patches.length > 0 ? `In patch ${use.patches.join(', ')}` : '';
}
