import { describe, expect, it, vi } from 'vitest';
import type { Packed } from '../src/lib/packed';
import { Units } from '../src/lib/state/units.svelte';
import { event, makeUnit } from './samples';

const table: Packed = {
  rows: 2,
  columns: {
    id: ['norrvik/1', 'norrvik/2'], alias: ['B 1', 'B 2'], kind: { words: ['patrol'], at: [0, 0] },
    agency_kind: ['police', 'police'], talkgroup: ['norrvik/9', 'norrvik/9'],
  },
};

describe('the plan\'s units', () => {
  it('are asked for once, kept over snapshots, and stand behind what is known now', async () => {
    const known: string[] = [];
    const answers = [{ mark: 'm1', tables: [table, table] }, undefined];
    const units = new Units((mark) => {
      known.push(mark);
      return Promise.resolve(answers.shift());
    });
    units.load([makeUnit(2, { alias: 'B 2', last_heard_utc: 5 })], true);
    await vi.waitFor(() => expect(units.name('norrvik/1')).toBe('B 1'));
    expect(units.byId.get('norrvik/1')).toMatchObject({ number: 1, kind: 'patrol', status: null, last_heard_utc: null });
    expect(units.byId.get('norrvik/2')?.last_heard_utc).toBe(5);
    units.take(event('unit.status_set', { unit: 'norrvik/1', value: 1, digit: '1', words: 'On duty', kind: 'unit' }));
    units.take(event('unit.status_set', { unit: 'norrvik/7', value: 1, digit: '1', words: 'On duty', kind: 'unit' }));
    expect(units.byId.get('norrvik/1')).toMatchObject({ alias: 'B 1', status: { words: 'On duty' } });
    expect([...units.byId.values()].map((unit) => unit.number)).toEqual([1, 2, 7]);
    expect(units.find('').map((unit) => unit.number)).toEqual([7, 1, 2]); // a status before none
    expect(units.find('b 2').map((unit) => unit.number)).toEqual([2]);
    expect([units.find('', 1).length, units.some(3).length, units.byId.size]).toEqual([1, 3, 3]);
    units.load([], true);
    expect(units.name('norrvik/2')).toBe('B 2');
    await vi.waitFor(() => expect(known).toEqual(['', 'm1']));
    expect(units.byId.has('norrvik/2')).toBe(true);
    units.forget();
    expect(units.byId.has('norrvik/2')).toBe(false);
  });

  it('are asked for once at the head of a snapshot, and shown when it is whole', async () => {
    let asked = 0;
    const units = new Units(() => Promise.resolve({ mark: `m${(asked += 1)}`, tables: [table] }));
    units.expect();
    await Promise.resolve();
    expect([asked, units.byId.has('norrvik/1')]).toEqual([1, false]);
    units.load([], true);
    await vi.waitFor(() => expect(units.name('norrvik/1')).toBe('B 1'));
    expect(asked).toBe(1);
    units.expect();
    units.forget(); // somebody else signs in: what was asked for is not theirs
    await Promise.resolve();
    expect(units.byId.has('norrvik/1')).toBe(false);
    units.load([], true);
    await vi.waitFor(() => expect(units.byId.has('norrvik/1')).toBe(true));
    expect(asked).toBe(3);
  });

  it('are asked for again after the snapshot when nobody answered at its head', async () => {
    vi.useFakeTimers();
    let asked = 0;
    const units = new Units(() => ((asked += 1) === 1 ? Promise.reject(new Error('no connection')) : Promise.resolve({ mark: 'm', tables: [table] })));
    units.expect();
    await vi.advanceTimersByTimeAsync(1);
    units.load([], true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([asked, units.name('norrvik/1')]).toEqual([2, 'B 1']);
    vi.useRealTimers();
  });

  it('are asked for again when nobody answered, and not after a snapshot that has them all', async () => {
    vi.useFakeTimers();
    let asked = 0;
    const units = new Units(() => (++asked === 1 ? Promise.reject(new Error('no connection')) : Promise.resolve({ mark: 'm', tables: [table] })));
    units.load([], true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([asked, units.name('norrvik/1')]).toEqual([2, 'B 1']);
    units.load([makeUnit(3)]);
    expect([units.byId.has('norrvik/1'), units.byId.has('norrvik/3')]).toEqual([false, true]);
    vi.useRealTimers();
  });
});
