/** Cells of the tile board: a talkgroup has the cell of its address, and keeps it. */

import type { Talkgroup } from './state/talkgroups.svelte';

/**
 * Talkgroups in row-major cells; null is an empty cell. Address 1 is the first cell. Talkgroups
 * without an address, or with one that is already taken, fill the cells after the last address.
 */
export function cells(
  rows: readonly Talkgroup[],
  columns: number,
  leastRows: number,
): (Talkgroup | null)[] {
  const placed = new Map<number, Talkgroup>();
  const rest: Talkgroup[] = [];
  const sorted = [...rows].sort((a, b) => a.info.number - b.info.number);
  for (const row of sorted) {
    const cell = (row.info.address ?? 0) - 1;
    if (cell < 0 || placed.has(cell)) rest.push(row);
    else placed.set(cell, row);
  }
  let next = Math.max(-1, ...placed.keys()) + 1;
  for (const row of rest) placed.set(next++, row);
  const count = Math.max(leastRows, Math.ceil(next / columns)) * columns;
  return Array.from({ length: count }, (_, cell) => placed.get(cell) ?? null);
}
