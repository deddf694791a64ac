import { expect, test } from 'vitest';
import type { PlanBody } from '../src/lib/api/plans';
import { changesOneRow, withEdits } from '../src/lib/plan_edits';

const plan = {
  talkgroups: [{ system: 'net', number: 1, name: 'ONE' }, { system: 'net', number: 2, name: 'TWO' }],
  units: [{ system: 'net', number: 1, alias: 'A' }],
} as unknown as PlanBody;

test('fields of rows are shown changed at once', () => {
  const edits = [{ kind: 'talkgroup', id: 'net/2', value: { name: 'NEW' } }];
  expect(changesOneRow(edits)).toBe(true);
  const after = withEdits(plan, edits);
  expect(after.talkgroups.map((row) => row.name)).toEqual(['ONE', 'NEW']);
  expect(after.units).toBe(plan.units);
  expect(after.talkgroups[0]).toBe(plan.talkgroups[0]);
});

test('whatever other things follow is left to the server', () => {
  expect(changesOneRow([{ kind: 'talkgroup', id: 'net/2', value: { number: 3 } }])).toBe(false);
  expect(changesOneRow([{ kind: 'talkgroup', id: '', value: { name: 'X' } }])).toBe(false);
  expect(changesOneRow([{ op: 'remove', kind: 'talkgroup', id: 'net/1' }])).toBe(false);
  expect(changesOneRow([{ kind: 'site', id: 's', value: { name: 'X' } }])).toBe(false);
});

test('units that are taken out are gone at once', () => {
  const edits = [{ op: 'remove' as const, kind: 'unit', id: 'net/1' }];
  expect(changesOneRow(edits)).toBe(true);
  expect(withEdits(plan, edits).units).toEqual([]);
  expect(withEdits(plan, edits).talkgroups).toBe(plan.talkgroups);
});
