import { describe, expect, it } from 'vitest';
import type { PlanLayout, PlanTalkgroup } from '../src/lib/api/plans';
import * as edit from '../src/lib/layout_edit';

const cell = (place: number, talkgroup: string) => ({ place, talkgroup, volume_percent: 100, muted: false });
const layout: PlanLayout = {
  id: 'n', name: 'N', columns: 4, rows: 3, positions: ['1'], emergency: [], others: 'Other',
  pages: [{ name: 'A', cells: [cell(1, 'x/1'), cell(8, 'x/2')] }, { name: 'B', cells: [] }],
};
const places = (one: PlanLayout, page = 0): string[] => (one.pages[page]?.cells ?? []).map((c) => `${c.place} ${c.talkgroup}`);
const row = (number: number, folder: string, address: number | null): PlanTalkgroup =>
  ({ system: 'x', number, folder, address, name: `T ${number}` }) as PlanTalkgroup;

describe('a board in a draft', () => {
  it('has a talkgroup once on a page, and takes its settings along', () => {
    const loud = edit.setCell(layout, 'A', 1, { volume_percent: 40 });
    const moved = edit.put(loud, 'A', 8, 'x/1');
    expect(places(moved)).toEqual(['8 x/1']);
    expect(moved.pages[0]?.cells[0]?.volume_percent).toBe(40);
    expect(places(layout)).toEqual(['1 x/1', '8 x/2']);
  });

  it('moves into an empty cell, and swaps two', () => {
    expect(places(edit.move(layout, 'A', 1, 5))).toEqual(['5 x/1', '8 x/2']);
    expect(places(edit.move(layout, 'A', 1, 8))).toEqual(['1 x/2', '8 x/1']);
    expect(places(edit.clear(layout, 'A', 8))).toEqual(['1 x/1']);
  });

  it('finds the next empty cell', () => {
    expect(edit.nextEmpty(layout, 'A', 7)).toBe(9);
    expect(edit.nextEmpty(layout, 'A', 12)).toBe(2);
    const full = { ...layout, columns: 1, rows: 1, pages: [{ name: 'A', cells: [cell(1, 'x/1')] }] };
    expect(edit.nextEmpty(full, 'A', 1)).toBeNull();
  });

  it('keeps row and column when its size changes, and says what has no room', () => {
    expect(places(edit.resize(layout, 6, 3))).toEqual(['1 x/1', '10 x/2']);
    expect(places(edit.resize(layout, 2, 3))).toEqual(['1 x/1', '2 x/2']);
    expect(edit.lost(layout, 1, 1)).toBe(1);
    expect(edit.lost(layout, 4, 2)).toBe(0);
  });

  it('has pages that are added, renamed, moved and removed', () => {
    const more = edit.addPage(layout, 'C');
    expect(edit.movePage(more, 'C', -1).pages.map((page) => page.name)).toEqual(['A', 'C', 'B']);
    expect(edit.movePage(more, 'A', -1)).toBe(more);
    expect(edit.renamePage(layout, 'A', 'Z').pages[0]?.cells.length).toBe(2);
    expect(edit.removePage(layout, 'A').pages.map((page) => page.name)).toEqual(['B']);
  });

  it('begins as the folders are', () => {
    const made = edit.fromFolders([row(3, 'F', null), row(2, 'F', 7), row(1, 'G', 1), row(4, 'F', 7)]);
    expect(made.pages.map((page) => page.name)).toEqual(['F', 'G']);
    expect(made.pages[0]?.cells.map((c) => `${c.place} ${c.talkgroup}`)).toEqual(['7 x/2', '8 x/3', '9 x/4']);
    expect([made.columns, made.rows]).toEqual([6, 5]);
  });

  it('knows findings by their cell, and free ids', () => {
    const finding = { rule: 'LAY-2', severity: 'error' as const, kind: 'layout', id: 'n', field: 'cell A/8', words: 'twice' };
    expect([...edit.byCell([finding], 'A')]).toEqual([[8, 'twice']]);
    expect(edit.byCell([finding], 'B').size).toBe(0);
    expect(edit.freeId('Räddning 1', ['raddning-1'])).toBe('raddning-1-2');
  });
});
