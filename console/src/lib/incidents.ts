/** Words and orders of incidents, shared by the desk, the strip and the dialogs. */

import type { IncidentRow, UnitInfo } from './api/types';
import { capital, distanceM } from './words';

/** `INC-2026-004211` is shown as `4211` where the year is clear; the whole stands in the header. */
export const shortLabel = (label: string): string => label.replace(/^INC-\d{4}-0*/, '') || label;

/** `Active, Sara Holm`, `New, camera`, `Waiting`. */
export function stateWords(row: Pick<IncidentRow, 'state' | 'owner_name' | 'camera'>): string {
  const who = row.owner_name || (row.state === 'new' && row.camera ? 'camera' : '');
  return [capital(row.state), who].filter(Boolean).join(', ');
}

/** By priority, then newest first. An exercise never stands before what is live. */
export function byPriority(a: IncidentRow, b: IncidentRow): number {
  return (
    Number(a.exercise ?? false) - Number(b.exercise ?? false) ||
    (a.priority ?? 3) - (b.priority ?? 3) ||
    b.opened_utc - a.opened_utc
  );
}

export const PRIORITY_WORDS: readonly [number, string][] = [
  [1, 'P1 at once'],
  [2, 'P2 urgent'],
  [3, 'P3 soon'],
  [4, 'P4 can wait'],
];

export interface NearUnit {
  unit: UnitInfo;
  metres: number | null;
}

const REQUESTS: ReadonlySet<string> = new Set(['emergency', 'urgent_request', 'request']);

/** Who asks to talk first, then the nearest; units without a fix last. */
export function nearest(
  units: readonly UnitInfo[],
  place: { latitude_deg: number; longitude_deg: number } | null,
): NearUnit[] {
  const rows = units.map((unit) => ({
    unit,
    metres: place && unit.position ? distanceM(place, unit.position) : null,
  }));
  const asks = (row: NearUnit): number => (REQUESTS.has(row.unit.status?.kind ?? '') ? 0 : 1);
  return rows.sort(
    (a, b) =>
      asks(a) - asks(b) ||
      (a.metres ?? Infinity) - (b.metres ?? Infinity) ||
      a.unit.alias.localeCompare(b.unit.alias, 'sv'),
  );
}
