/**
 * The tabs of the board and what stands in their cells: the layout of the position, or, without
 * one, the folders of the talkgroups. A talkgroup keeps its cell.
 */

import type { BoardCell, BoardLayout, BoardPage } from '../api/layouts';
import { cells } from '../board';
import type { Talkgroup, Talkgroups } from './talkgroups.svelte';

const onScreen = (page: BoardPage): number => page.screen ?? 1;
/** Columns of a board without a layout. */
const FOLDER_COLUMNS = 6;
const LEAST_ROWS = 5;
const OTHERS = 'Other';

export class Zones {
  layout: BoardLayout | null = $state.raw(null);
  readonly #talkgroups: Talkgroups;
  readonly #inUse: (id: string) => boolean;
  readonly #screen: number;
  /** Screens that the position's board is spread over, from 1. */
  readonly screens = $derived([...new Set((this.layout?.pages ?? []).map(onScreen))].sort((a, b) => a - b));
  /** Pages of this window's screen; all where it is none of the board's. */
  readonly #mine = $derived(
    (this.layout?.pages ?? []).filter((page) => !this.screens.includes(this.#screen) || onScreen(page) === this.#screen),
  );
  readonly #pages = $derived(new Map(this.#mine.map((page) => [page.name, page.cells])));
  readonly #first = $derived.by(() => {
    const found = new Map<string, BoardCell>();
    for (const page of this.layout?.pages ?? [])
      for (const cell of page.cells) if (!found.has(cell.talkgroup)) found.set(cell.talkgroup, cell);
    return found;
  });
  readonly #rest = $derived.by(() =>
    this.layout ? this.#talkgroups.list.filter((row) => !this.#first.has(row.id)) : [],
  );
  /** The tab of talkgroups in no cell; empty when there is none. */
  readonly #others = $derived.by(() => {
    if (!this.layout || this.#rest.length === 0 || this.#screen > 1) return '';
    if (this.layout.others) return this.layout.others;
    return this.#rest.some((row) => this.#inUse(row.id)) ? OTHERS : '';
  });

  /** `inUse` tells whether a talkgroup is selected or has an alarm: then it is never out of sight. */
  constructor(talkgroups: Talkgroups, inUse: (id: string) => boolean, screen = 0) {
    this.#talkgroups = talkgroups;
    this.#screen = screen;
    this.#inUse = inUse;
  }

  get names(): string[] {
    if (!this.layout) return this.#talkgroups.folders;
    return [...this.#pages.keys(), ...(this.#others && !this.#pages.has(this.#others) ? [this.#others] : [])];
  }

  get columns(): number {
    return this.layout?.columns ?? FOLDER_COLUMNS;
  }

  /** Talkgroups of a tab, in the order of their cells. */
  rows(zone: string): Talkgroup[] {
    const page = this.#pages.get(zone);
    if (page) {
      return [...page]
        .sort((a, b) => a.place - b.place)
        .map((cell) => this.#talkgroups.byId.get(cell.talkgroup))
        .filter((row) => row !== undefined);
    }
    if (this.layout) return zone === this.#others ? this.#byNumber(this.#rest) : [];
    const folder = this.#talkgroups.inFolder(zone);
    return folder.sort((a, b) => (a.info.address ?? 999) - (b.info.address ?? 999));
  }

  /** Number on a tile: its cell, or the tile number of the plan; null where it has neither. */
  place(zone: string, row: Talkgroup): number | null {
    if (!this.layout) return row.info.address;
    const page = this.#pages.get(zone);
    if (page) return page.find((cell) => cell.talkgroup === row.id)?.place ?? null;
    const at = this.rows(zone).indexOf(row);
    return at < 0 ? null : at + 1;
  }

  at(zone: string, place: number): Talkgroup | undefined {
    return this.rows(zone).find((row) => this.place(zone, row) === place);
  }

  /** Cells of a tab row by row for so many columns; null is an empty cell, and it stays empty. */
  cells(zone: string, columns: number): (Talkgroup | null)[] {
    if (!this.layout) return cells(this.#talkgroups.inFolder(zone), columns, LEAST_ROWS);
    const placed = new Map(this.rows(zone).map((row) => [(this.place(zone, row) ?? 0) - 1, row]));
    const least = this.layout.columns * this.layout.rows;
    const count = Math.max(least, Math.max(-1, ...placed.keys()) + 1, columns * LEAST_ROWS);
    return Array.from({ length: Math.ceil(count / columns) * columns }, (_, cell) => placed.get(cell) ?? null);
  }

  /** Tabs on which a talkgroup stands. */
  of(id: string): string[] {
    if (!this.layout) {
      const row = this.#talkgroups.byId.get(id);
      return row ? [row.info.folder] : [];
    }
    const pages = [...this.#pages].filter(([, page]) => page.some((cell) => cell.talkgroup === id));
    if (pages.length > 0) return pages.map(([name]) => name);
    return this.#others && this.#talkgroups.byId.has(id) ? [this.#others] : [];
  }

  /** What the layout gives a talkgroup at first: how loud, and whether muted. */
  first(id: string): { volume: number; muted: boolean } {
    const cell = this.#first.get(id);
    return cell ? { volume: cell.volume_percent / 100, muted: cell.muted } : { volume: 1, muted: false };
  }

  /** Where an emergency call goes while a talkgroup is selected; null where it cannot go anywhere. */
  emergency(selected: Talkgroup | null): Talkgroup | null {
    const { byId, links } = this.#talkgroups;
    const named = (this.layout?.emergency ?? []).map((id) => byId.get(id)).filter((row) => row !== undefined);
    return emergencyTarget(named, selected, (row) =>
      row.info.links.some((id) => links.get(id)?.capabilities.includes('emergency_out')),
    );
  }

  #byNumber(rows: readonly Talkgroup[]): Talkgroup[] {
    return [...rows].sort((a, b) => a.info.folder.localeCompare(b.info.folder) || a.info.number - b.info.number);
  }
}

/** Which talkgroup an emergency call of the desk goes to: the selected one of them, else the first. */
export function emergencyTarget<Row extends { id: string }>(
  named: readonly Row[],
  selected: Row | null,
  able: (row: Row) => boolean,
): Row | null {
  if (named.length === 0) return selected && able(selected) ? selected : null;
  const own = named.find((row) => row.id === selected?.id);
  return own && able(own) ? own : (named.find(able) ?? null);
}
