import { expect, test } from 'vitest';
import { unpack } from '../src/lib/packed';

test('a packed table comes back row by row', () => {
  const rows = unpack({ rows: 3, columns: { number: [1, 2, 3], owner: { words: ['A', null], at: [0, 1, 0] } } });
  expect(rows).toEqual([
    { number: 1, owner: 'A' },
    { number: 2, owner: null },
    { number: 3, owner: 'A' },
  ]);
  expect(unpack({ rows: 0, columns: { number: [] } })).toEqual([]);
});
