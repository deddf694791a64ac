import { expect, test } from 'vitest';
import type { ListChange } from '../src/lib/api/lists';
import { flat, SHOWN_OF_GROUP } from '../src/lib/list_difference';

const change = (kind: string, id: string, more: Partial<ListChange> = {}): ListChange => ({
  what: 'added', kind, id, name: id, folder: 'Police', number: null, words: '', note: '', fields: [], ...more,
});

test('groups come with their heads, what is touched last, and fields have lines of their own', () => {
  const lines = flat([change('patch', 'P3'), change('talkgroup', 'n/1', { fields: [['Name', 'a', 'b'], ['Folder', 'c', 'd']] }), change('unit', 'n/9')], new Set());
  expect(lines.map((line) => line.group ?? `${line.change?.id} ${line.field?.[0] ?? ''}`)).toEqual([
    'Talkgroups, folder Police', 'n/1 Name', 'n/1 Folder', 'Units', 'n/9 ', 'Consoles and patches, what the changes above touch', 'P3 ',
  ]);
  expect(lines.filter((line) => line.head).length).toBe(6);
});

test('a long group is folded until it is opened', () => {
  const many = Array.from({ length: SHOWN_OF_GROUP + 5 }, (_, at) => change('unit', `n/${at}`));
  const folded = flat([...many, change('site', 's')], new Set());
  expect(folded[0]).toMatchObject({ group: 'Units', folded: 5 });
  expect(folded.length).toBe(1 + SHOWN_OF_GROUP + 2);
  expect(flat([...many, change('site', 's')], new Set(['Units'])).length).toBe(1 + many.length + 2);
});
