import { describe, expect, it } from 'vitest';
import { path, withQuery } from '../src/lib/api/client';
import { parseRoute } from '../src/lib/router.svelte';
import { EMPTY, fromUrl, marked, toApi, toUrl } from '../src/lib/search';
import { attachedCalls, merged } from '../src/lib/timeline';
import type { Incident } from '../src/lib/api/types';

describe('a search', () => {
  it('is its address', () => {
    const search = { ...EMPTY, q: 'kajgatan 4', talkgroup: ['norrvik/310301'], emergency: 'true' };
    expect(fromUrl(new URLSearchParams(toUrl(search).toString()))).toEqual(search);
    expect(toUrl(EMPTY).toString()).toBe('');
  });

  it('asks for a day from its first to its last microsecond', () => {
    const query = toApi({ ...EMPTY, day: '2026-11-25' });
    expect(Number(query['to_utc']) - Number(query['from_utc'])).toBe(86_400_000_000 - 1);
  });

  it('marks what was found, with special characters taken as they are', () => {
    expect(marked('Note: Kajgatan 4 (rear)', 'kajgatan (rear)')).toEqual([
      { text: 'Note: ', hit: false },
      { text: 'Kajgatan', hit: true },
      { text: ' 4 ', hit: false },
      { text: '(rear)', hit: true },
    ]);
  });
});

describe('addresses', () => {
  it('encode each part', () => {
    expect(path`/links/${'a/b'}/lines`).toBe('/links/a%2Fb/lines');
    expect(withQuery('/calls', { q: 'x y', unit: '', before: null, limit: 50 })).toBe('/calls?q=x+y&limit=50');
  });

  it('of the page are read from the hash', () => {
    const route = parseRoute('#/incident/i-1?tab=calls');
    expect(route).toMatchObject({ page: 'incident', rest: ['i-1'] });
    expect(route.query.get('tab')).toBe('calls');
    expect(parseRoute('').page).toBe('');
  });
});

describe('an incident', () => {
  const call = (id: string, started_utc: number) => ({ id, started_utc, transmissions: [], units: [] });
  const incident = {
    id: 'i-1',
    opened_utc: 10,
    timeline: [
      { t_utc: 10, kind: 'opened', who: '', text: 'Smoke, H-03' },
      { t_utc: 30, kind: 'note', who: 'Sara', text: 'owner called back' },
      { t_utc: 40, kind: 'talkgroup', who: 'Sara', text: 'norrvik/310301' },
    ],
    suggestions: [
      { id: 's-1', call: 'c-1', score: 85, state: 'confirmed', why: '', by: 'Sara', at: 50, call_row: call('c-1', 20) },
      { id: 's-2', call: 'c-2', score: 60, state: 'suggested', why: '', by: null, at: null, call_row: call('c-2', 35) },
    ],
  } as unknown as Incident;

  it('has one timeline, newest first, with suggestions where their call began', () => {
    const items = merged(incident, () => 'BRAND 1');
    expect(items.map((one) => one.words || one.suggestion?.id)).toEqual([
      'Talkgroup BRAND 1 added',
      's-2',
      'owner called back',
      's-1',
      'Opened: Smoke, H-03',
    ]);
    expect(items[2]?.by).toBe('Sara');
  });

  it('holds the calls that a person added or confirmed, not the suggested ones', () => {
    expect(attachedCalls(incident).map((row) => row.id)).toEqual(['c-1']);
  });
});
