import { describe, expect, it } from 'vitest';
import type { BoardLayout } from '../src/lib/api/layouts';
import { hindrance, type Facts } from '../src/lib/hindrance';
import { setScreen } from '../src/lib/layout_edit';
import { Screen, screenHref, screenOf } from '../src/lib/state/screen.svelte';
import { Talkgroups } from '../src/lib/state/talkgroups.svelte';
import { Zones } from '../src/lib/state/zones.svelte';
import { makeLink, makeTalkgroup } from './samples';

const cell = (place: number, number: number) => ({ place, talkgroup: `norrvik/${number}`, volume_percent: 100, muted: false });
const board: BoardLayout = {
  id: 'b', name: 'Board', columns: 6, rows: 5, others: 'Other', emergency: [],
  pages: [
    { name: 'Police', cells: [cell(1, 1)] },
    { name: 'Fire', screen: 2, cells: [cell(1, 2)] },
  ],
};

function zones(screen: number): Zones {
  const talkgroups = new Talkgroups();
  talkgroups.load([makeTalkgroup(1), makeTalkgroup(2), makeTalkgroup(3)], [makeLink()]);
  const found = new Zones(talkgroups, () => false, screen);
  found.layout = board;
  return found;
}

describe('a board over two screens', () => {
  it('shows each window its pages, and all of them in one window', () => {
    expect(zones(0).screens).toEqual([1, 2]);
    expect(zones(0).names).toEqual(['Police', 'Fire', 'Other']);
    expect(zones(1).names).toEqual(['Police', 'Other']);
    expect(zones(2).names).toEqual(['Fire']);
    expect(zones(3).names).toEqual(['Police', 'Fire']); // a screen that the board has not
    expect(zones(2).of('norrvik/1')).toEqual([]); // with an alarm it is pinned beside the board
  });

  it('has its screen from the address, and sound and press only on the first', () => {
    expect(['', '?screen=2', '?screen=x', '?screen=9', '?screen=1.5'].map(screenOf)).toEqual([0, 2, 0, 0, 0]);
    expect([screenHref(0), screenHref(2)]).toEqual(['/#/', '/?screen=2#/']);
    const make = (): never => {
      throw new Error('no channel before a position is taken');
    };
    expect(['', '?screen=1', '?screen=2'].map((search) => new Screen(search, make).second)).toEqual([false, false, true]);
    const facts = { screen: { second: true } } as unknown as Facts;
    expect(hindrance(facts, 'norrvik/1')).toBe('talk at screen 1');
  });

  it('selects in all windows of the operator at the position', () => {
    const made: { name: string; onmessage: ((message: MessageEvent) => void) | null; postMessage: (data: unknown) => void; close: () => void }[] = [];
    const heard: string[] = [];
    const make = (name: string) => {
      const one = {
        name, onmessage: null as ((message: MessageEvent) => void) | null, close: () => void made.splice(made.indexOf(one), 1),
        postMessage: (data: unknown) => {
          for (const other of made) if (other !== one && other.name === name) other.onmessage?.({ data } as MessageEvent);
        },
      };
      made.push(one);
      return one;
    };
    const [first, second, elsewhere] = [new Screen('', make), new Screen('?screen=2', make), new Screen('', make)];
    first.follow('u1', '3', (id) => heard.push(`first ${id}`));
    second.follow('u1', '3', (id) => heard.push(`second ${id}`));
    elsewhere.follow('u1', '4', (id) => heard.push(`elsewhere ${id}`));
    second.tell('norrvik/2');
    first.leave();
    second.tell('norrvik/1');
    expect(heard).toEqual(['first norrvik/2']);
    expect(made).toHaveLength(2);
  });

  it('is made in the editor', () => {
    const layout = { ...board, positions: ['1'] } as never;
    expect(setScreen(layout, 'Police', 2).pages.map((page) => page.screen)).toEqual([2, 2]);
  });
});
