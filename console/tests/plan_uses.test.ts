import { expect, test } from 'vitest';
import type { ListKept } from '../src/lib/api/lists';
import type { PlanUse } from '../src/lib/api/plans';
import { flat, KEPT_GROUP, SHOWN_OF_GROUP } from '../src/lib/list_difference';
import { heardWords, inUse, useLines, usesBy, useWords } from '../src/lib/plan_uses';

const NOW = Date.UTC(2026, 10, 26, 12);
const DAY_US = 86_400_000_000;
const use = (more: Partial<PlanUse> = {}): PlanUse => ({
  kind: 'talkgroup', id: 'n/1', last_heard_utc: null, layouts: [], patches: [], links: [], positions: [], units: 0, now: [], ...more,
});

test('when it was last heard, in days', () => {
  const heard = (days: number): string => heardWords(use({ last_heard_utc: NOW * 1000 - days * DAY_US }), 0, NOW);
  expect([heard(0), heard(1), heard(402)]).toEqual(['last heard today', 'last heard yesterday', 'last heard 402 days ago']);
  expect(heardWords(use(), Date.UTC(2026, 0, 2) * 1000, NOW)).toBe('not heard since the call log begins, 2026-01-02');
  expect(heardWords(use(), null, NOW)).toBe('not heard: the call log is empty');
});

test('who uses it: a line for the table, a note for what is going on, all of it besides', () => {
  const busy = use({ layouts: ['Day', 'Night'], patches: ['P3'], positions: ['4'], links: ['Hill'], units: 2, now: ['a call is running'], last_heard_utc: NOW * 1000 });
  expect(useWords(busy, 0, NOW)).toBe('in 2 layouts, last heard today');
  expect(useWords(use({ kind: 'unit' }), null, NOW)).toBe('not heard: the call log is empty');
  expect([inUse(busy), inUse({ ...busy, now: [] }), inUse(use({ patches: ['P3'] })), inUse(use())]).toEqual(['In use', 'Selected at 4', 'In patch P3', '']);
  expect(useLines(busy, 0, NOW)).toEqual([
    'Now: a call is running', 'Selected at Position 4', 'In patch P3', 'In layouts Day, Night', 'On Hill', 'Home of 2 units', 'Last heard today', 'The last call began 2026-11-26 12:00 UTC',
  ]);
  expect(usesBy({ uses: [busy], log_from_utc: null }).get('talkgroup/n/1')).toBe(busy);
});

test('what is kept stands last, a line for each field, folded when it is long', () => {
  const kept = Array.from({ length: SHOWN_OF_GROUP + 2 }, (_, at): ListKept => ({ id: `n/${at >> 1}`, talkgroup: 'A', field: `f${at}`, before: 'a', after: 'b' }));
  const change = { what: 'added', kind: 'site', id: 's', name: 's', folder: '', number: null, words: '', note: '', fields: [] } as const;
  const lines = flat([{ ...change, fields: [] }], new Set(), kept);
  expect(lines[2]).toMatchObject({ group: KEPT_GROUP, count: kept.length, folded: 2 });
  expect(lines.slice(3, 5).map((line) => line.head)).toEqual([true, false]);
  expect(flat([], new Set(), kept).length).toBe(1 + kept.length);
});
