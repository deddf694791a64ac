import { describe, expect, it } from 'vitest';
import { grouped } from '../src/lib/plan_changes';
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
