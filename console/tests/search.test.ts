import { describe, expect, it } from 'vitest';
import { path, withQuery } from '../src/lib/api/client';
import { parseRoute } from '../src/lib/router.svelte';
import { bounds, EMPTY, fromUrl, isEmpty, toApi, toUrl } from '../src/lib/search';
import { alarmWords, hits, totalWords } from '../src/lib/sheet';
import { chipWords, cleared, FACETS, presets, shownFacets, type FacetWorld } from '../src/lib/facets';
import { proofLines } from '../src/lib/proof';
import { CallSearch } from '../src/lib/state/callsearch.svelte';
import type { FoundCall } from '../src/lib/api/auditdesk';
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

  it('marks what was found where the server found it', () => {
    expect(hits('Ambulans till Räddning 🚒 4', [[14, 22], [25, 26]])).toEqual([
      { text: 'Ambulans till ', hit: false },
      { text: 'Räddning', hit: true },
      { text: ' 🚒 ', hit: false },
      { text: '4', hit: true },
    ]);
    expect(hits('nothing', [])).toEqual([{ text: 'nothing', hit: false }]);
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
    hints: [],
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

describe('facets', () => {
  const world: FacetWorld = {
    talkgroups: [{ id: 'n/1', name: 'BRAND 1' }, { id: 'n/2', name: 'BRAND 2' }, { id: 'n/3', name: 'POLIS' }],
    units: [], sites: [{ id: 'c', name: 'Norrvik C' }], systems: [], incidents: [{ id: 'i-1', name: 'INC-1 Smoke' }],
    positions: [],
  };
  const facet = (id: string) => FACETS.find((one) => one.id === id) ?? FACETS[0]!;

  it('say what they are set to, by name', () => {
    const search = { ...EMPTY, day: '2026-11-24', talkgroup: ['n/1', 'n/2', 'n/3'], incident: 'i-1', longer: '2', emergency: 'true' };
    expect(chipWords(facet('time'), search, world)).toBe('24 Nov 2026');
    expect(chipWords(facet('talkgroup'), search, world)).toBe('BRAND 1 + 2');
    expect(chipWords(facet('incident'), search, world)).toBe('INC-1 Smoke');
    expect(chipWords(facet('length'), search, world)).toBe('2 s or longer');
    expect(chipWords(facet('emergency'), search, world)).toBe('yes');
    expect(chipWords(facet('site'), search, world)).toBe('');
    expect(chipWords(facet('site'), { ...EMPTY, site: ['elsewhere'] }, world)).toBe('elsewhere');
  });

  it('stay in their order, those behind More once they are set or asked for', () => {
    const ids = (search: typeof EMPTY, added: string[] = []) => shownFacets(search, added).map((one) => one.id);
    expect(ids(EMPTY)).toEqual(['time', 'incident', 'site', 'talkgroup', 'unit', 'position', 'emergency', 'outcome']);
    expect(ids({ ...EMPTY, tag: 'fire' }, ['plan']).slice(8)).toEqual(['plan', 'tag']);
  });

  it('are taken away whole', () => {
    const search = { ...EMPTY, from: '2026-11-24T14:00', to: '2026-11-24T15:00', unit: ['n/9'] };
    expect(isEmpty(cleared(facet('unit'), cleared(facet('time'), search)))).toBe(true);
  });

  it('offer times that end with now', () => {
    const now = new Date('2026-11-24T14:30:00').getTime();
    const [hour, today, yesterday] = presets(now).map((one) => one.set);
    expect(hour).toEqual({ day: '', from: '2026-11-24T13:30', to: '' });
    expect([today?.day, yesterday?.day]).toEqual(['2026-11-24', '2026-11-23']);
  });

  it('reach the server as it wants them', () => {
    const query = toApi({ ...EMPTY, talkgroup: ['n/1', 'n/2'], longer: '1.5', place: '59.1,18.2,200', held: 'true' });
    expect(query).toEqual({ talkgroup: ['n/1', 'n/2'], min_ms: 1500, place: '59.1,18.2,200', held: 'true' });
    expect(toApi({ ...EMPTY, place: 'cam-h03' })).toEqual({ place_id: 'cam-h03' });
    expect(bounds({ ...EMPTY, from: 'nonsense', to: '' })).toEqual({ from: null, to: null });
    expect(withQuery('/calls', query)).toContain('talkgroup=n%2F1&talkgroup=n%2F2');
  });
});

describe('found calls', () => {
  const row = (n: number): FoundCall => ({ id: `c-${n}`, started_utc: n, duration_ms: 1000, transmissions: [{}] }) as unknown as FoundCall;
  const pages = (all: FoundCall[], size: number) => async (query: Record<string, unknown>) => {
    const from = Number(query['before'] ?? 0);
    const calls = all.slice(from, from + size);
    return { calls, total: all.length, total_more: false, cursor: from + size < all.length ? String(from + size) : null };
  };

  it('come page by page, each once, until there are no more', async () => {
    const search = new CallSearch(pages(Array.from({ length: 120 }, (_, n) => row(n)), 50));
    await search.run(EMPTY);
    expect([search.rows.length, search.total, search.hasMore]).toEqual([50, 120, true]);
    await search.more();
    await search.more();
    await search.more();
    expect([search.rows.length, search.hasMore, search.transmissions, search.durationMs]).toEqual([120, false, 120, 120_000]);
  });

  it('of an older search are not shown when a newer one was asked', async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const search = new CallSearch(async (query) => {
      if (query['q'] === 'slow') await slow;
      return { calls: [row(query['q'] === 'slow' ? 1 : 2)], total: 1, cursor: null };
    });
    const first = search.run({ ...EMPTY, q: 'slow' });
    await search.run({ ...EMPTY, q: 'fast' });
    release();
    await first;
    expect(search.rows.map((one) => one.id)).toEqual(['c-2']);
  });

  it('say why they did not come', async () => {
    const search = new CallSearch(() => Promise.reject(new Error('log not writable')));
    await search.run(EMPTY);
    expect([search.trouble, search.rows.length, search.busy]).toEqual(['log not writable', 0, false]);
  });

  it('are counted in words', () => {
    expect([totalWords(1, false), totalWords(46, false), totalWords(10_000, true)]).toEqual(['1 call', '46 calls', 'More than 10,000 calls']);
  });
});

describe('integrity', () => {
  const proof = { sha256: 'ab'.repeat(32), entry_seq: 18_231, proof_hashes: 15, root: 'cd'.repeat(32), verified_utc: 0, ok: true };

  it('is told claim by claim', () => {
    const witnesses = [{ name: 'county archive', size: 18_402, at_utc: 0, covers: true, stale: false, fault: '' }];
    const lines = proofLines({ ...proof, witnesses, stamp: { size: 18_300, at_utc: 1, covers: true, fault: '' } }, 0);
    expect(lines.map((line) => [line.words, line.ok])).toEqual([
      ['Unchanged since recorded', true],
      ['SHA-256 of file equals log entry 18 231', true],
      ['Entry is in the signed log, 15 hashes', true],
      ['Witnessed by county archive, size 18 402', true],
      ['Time stamp authority', true],
    ]);
  });

  it('never claims what does not hold', () => {
    const lines = proofLines({ ...proof, ok: false }, 0);
    expect(lines.slice(0, 3).map((line) => line.ok)).toEqual([false, false, false]);
    expect(lines[0]?.words).toContain('CHANGED');
    const late = [{ name: 'archive', size: 10, at_utc: 0, covers: false, stale: false, fault: '' }];
    expect(proofLines({ ...proof, witnesses: late }, 0).at(-1)).toMatchObject({ words: 'archive has seen 10 entries, not this one yet', ok: null });
    expect(proofLines({ ...proof, entry_seq: null, ok: false }, 0).map((line) => line.ok)).toEqual([false, false]);
  });
});

describe('an emergency on the sheet', () => {
  it('says when, by whom, and how far the answer came', () => {
    const started = new Date('2026-11-24T14:29:40').getTime() * 1000;
    const alarm = {
      id: 'a', alias: 'B 101', raised_utc: started + 11e6, ack_utc: started + 21e6, ack_by: 'Sara Holm', way: 'sent', way_reason: '',
      exercise: false, late: false, ended_utc: null, ended_by: '', end_reason: '',
    };
    expect(alarmWords(alarm, started)).toBe('Pressed 14:29:51 in mid-call, acknowledged after 10 s by Sara Holm, to the radio: sent');
    expect(alarmWords({ ...alarm, ack_utc: null, way: '' }, started)).toBe('Pressed 14:29:51 in mid-call, not acknowledged');
  });
});
