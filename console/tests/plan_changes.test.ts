import { describe, expect, it } from 'vitest';
import { folded, grouped, SHOWN, SHOWN_OPEN, toldOf } from '../src/lib/plan_changes';
import type { PlanChange } from '../src/lib/api/plans';

const change = (kind: string, id: string, folder = ''): PlanChange => ({ what: 'added', kind, id, name: id, folder, number: null, fields: [], words: '' });

describe('changes in groups', () => {
  it('parts talkgroups by folder and keeps the order', () => {
    const groups = grouped([change('talkgroup', 'a', 'Police'), change('talkgroup', 'b', 'Fire'), change('talkgroup', 'c', 'Police'), change('unit', 'u'), change('odd', 'x')]);
    expect(groups.map((one) => [one.name, one.changes.map((row) => row.id)])).toEqual([
      ['Talkgroups, folder Police', ['a', 'c']],
      ['Talkgroups, folder Fire', ['b']],
      ['Units', ['u']],
      ['odd', ['x']],
    ]);
  });
});

describe('a long comparison', () => {
  const units = (count: number): PlanChange[] => Array.from({ length: count }, (_, at) => change('unit', `u${at}`));

  it('shows all of a short one', () => {
    expect(folded(grouped([change('site', 's'), ...units(SHOWN - 1)]), new Set()).map((one) => [one.changes.length, one.hidden])).toEqual([[1, 0], [SHOWN - 1, 0]]);
  });
  it('gives each group its share, so that what comes last is seen as well', () => {
    const groups = grouped([...Array.from({ length: 9 }, (_, folder) => Array.from({ length: 200 }, (_, at) => change('talkgroup', `${folder}/${at}`, `F${folder}`))).flat(), ...units(100_000)]);
    const shut = folded(groups, new Set());
    expect(shut.map((one) => one.changes.length)).toEqual(Array.from({ length: 10 }, () => SHOWN / 10));
    expect(shut[9]?.hidden).toBe(100_000 - SHOWN / 10);
    const opened = folded(groups, new Set(['Units', 'Talkgroups, folder F0']));
    expect([opened[0]?.hidden, opened[9]?.changes.length, opened[9]?.hidden]).toEqual([0, SHOWN_OPEN, 100_000 - SHOWN_OPEN]);
  });
});

describe('what a position is told', () => {
  it('counts the lines that the server left out as well', () => {
    expect(toldOf(['a', 'b', 'and 601 more changes'], 1)).toEqual({ count: 603, shown: ['a'], more: 602 });
    expect(toldOf(['a', 'b'], 40)).toEqual({ count: 2, shown: ['a', 'b'], more: 0 });
  });
});
