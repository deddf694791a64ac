/** Changes of a board in a draft. Nothing here changes its argument. */

import type { BoardCell, BoardPage } from './api/layouts';
import type { Finding, PlanLayout, PlanTalkgroup } from './api/plans';

export const LEAST_COLUMNS = 1;
export const MOST_COLUMNS = 12;
export const MOST_ROWS = 20;
const TILE_COLUMNS = 6;

export const groupId = (row: Pick<PlanTalkgroup, 'system' | 'number'>): string => `${row.system}/${row.number}`;

const byPlace = (a: BoardCell, b: BoardCell): number => a.place - b.place;

function withPage(layout: PlanLayout, page: string, change: (cells: BoardCell[]) => BoardCell[]): PlanLayout {
  const pages = layout.pages.map((one) => (one.name === page ? { ...one, cells: change(one.cells).sort(byPlace) } : one));
  return { ...layout, pages };
}

export function cellAt(page: BoardPage | undefined, place: number): BoardCell | undefined {
  return page?.cells.find((cell) => cell.place === place);
}

/** Put a talkgroup into a cell: what was there goes, and it leaves its other cell of the page. */
export function put(layout: PlanLayout, page: string, place: number, talkgroup: string): PlanLayout {
  return withPage(layout, page, (cells) => {
    const had = cells.find((cell) => cell.talkgroup === talkgroup);
    const rest = cells.filter((cell) => cell.place !== place && cell.talkgroup !== talkgroup);
    return [...rest, { volume_percent: 100, muted: false, ...had, place, talkgroup }];
  });
}

/** Move what is in a cell to another one; two talkgroups change places. */
export function move(layout: PlanLayout, page: string, from: number, to: number): PlanLayout {
  return withPage(layout, page, (cells) =>
    cells.map((cell) => (cell.place === from ? { ...cell, place: to } : cell.place === to ? { ...cell, place: from } : cell)),
  );
}

export function clear(layout: PlanLayout, page: string, place: number): PlanLayout {
  return withPage(layout, page, (cells) => cells.filter((cell) => cell.place !== place));
}

export function setCell(layout: PlanLayout, page: string, place: number, change: Partial<BoardCell>): PlanLayout {
  return withPage(layout, page, (cells) => cells.map((cell) => (cell.place === place ? { ...cell, ...change } : cell)));
}

/** The first empty cell of a page after a place, or before it; null when the page is full. */
export function nextEmpty(layout: PlanLayout, page: string, after: number): number | null {
  const taken = new Set(layout.pages.find((one) => one.name === page)?.cells.map((cell) => cell.place));
  const places = Array.from({ length: layout.columns * layout.rows }, (_, at) => at + 1);
  return [...places.slice(after), ...places.slice(0, after)].find((place) => !taken.has(place)) ?? null;
}

/** Another number of columns: each cell keeps its row and column; who has none goes behind. */
export function resize(layout: PlanLayout, columns: number, rows: number): PlanLayout {
  const pages = layout.pages.map((page) => {
    const cells = new Map<number, BoardCell>();
    const rest: BoardCell[] = [];
    for (const cell of page.cells) {
      const [row, column] = [Math.floor((cell.place - 1) / layout.columns), (cell.place - 1) % layout.columns];
      if (row < rows && column < columns) cells.set(row * columns + column + 1, cell);
      else rest.push(cell);
    }
    let next = 1;
    for (const cell of rest) {
      while (cells.has(next)) next += 1;
      if (next <= columns * rows) cells.set(next, cell);
    }
    return { ...page, cells: [...cells].map(([place, cell]) => ({ ...cell, place })).sort(byPlace) };
  });
  return { ...layout, columns, rows, pages };
}

/** Cells that a resize would leave out. */
export function lost(layout: PlanLayout, columns: number, rows: number): number {
  const count = (one: PlanLayout): number => one.pages.reduce((sum, page) => sum + page.cells.length, 0);
  return count(layout) - count(resize(layout, columns, rows));
}

export function addPage(layout: PlanLayout, name: string): PlanLayout {
  return { ...layout, pages: [...layout.pages, { name, cells: [] }] };
}

export function renamePage(layout: PlanLayout, page: string, name: string): PlanLayout {
  return { ...layout, pages: layout.pages.map((one) => (one.name === page ? { ...one, name } : one)) };
}

/** Put a page on a screen of the position. */
export function setScreen(layout: PlanLayout, page: string, screen: number): PlanLayout {
  return { ...layout, pages: layout.pages.map((one) => (one.name === page ? { ...one, screen } : one)) };
}

export function removePage(layout: PlanLayout, page: string): PlanLayout {
  return { ...layout, pages: layout.pages.filter((one) => one.name !== page) };
}

export function movePage(layout: PlanLayout, page: string, step: 1 | -1): PlanLayout {
  const pages = [...layout.pages];
  const at = pages.findIndex((one) => one.name === page);
  const to = at + step;
  const [one, other] = [pages[at], pages[to]];
  if (!one || !other) return layout;
  pages[to] = one;
  pages[at] = other;
  return { ...layout, pages };
}

/** The board that folders and tile numbers are today, as a layout. */
export function fromFolders(talkgroups: readonly PlanTalkgroup[]): Pick<PlanLayout, 'columns' | 'rows' | 'pages'> {
  const folders = [...new Set(talkgroups.map((row) => row.folder))];
  let last = 1;
  const pages = folders.map((folder) => {
    const cells = new Map<number, PlanTalkgroup>();
    const rest: PlanTalkgroup[] = [];
    for (const row of talkgroups.filter((one) => one.folder === folder).sort((a, b) => a.number - b.number)) {
      if (row.address === null || row.address < 1 || cells.has(row.address)) rest.push(row);
      else cells.set(row.address, row);
    }
    let next = Math.max(0, ...cells.keys()) + 1;
    for (const row of rest) cells.set(next++, row);
    last = Math.max(last, ...cells.keys());
    const listed = [...cells].map(([place, row]) => ({ place, talkgroup: groupId(row), volume_percent: 100, muted: false }));
    return { name: folder.slice(0, 24), cells: listed.sort(byPlace) };
  });
  const rows = Math.min(MOST_ROWS, Math.max(5, Math.ceil(last / TILE_COLUMNS)));
  return { columns: TILE_COLUMNS, rows, pages };
}

/** Findings of a layout by the cell that they are about: page and place. */
export function byCell(findings: readonly Finding[], page: string): Map<number, string> {
  const found = new Map<number, string>();
  const begins = `cell ${page}/`;
  for (const one of findings)
    if (one.field.startsWith(begins)) found.set(Number(one.field.slice(begins.length)), one.words);
  return found;
}

/** An id that nothing has yet, from a name: `norrvik-2`. */
export function freeId(name: string, taken: readonly string[]): string {
  const plain = name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'one';
  if (!taken.includes(plain)) return plain;
  let number = 2;
  while (taken.includes(`${plain}-${number}`)) number += 1;
  return `${plain}-${number}`;
}
