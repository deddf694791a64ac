import { afterEach, describe, expect, it, vi } from 'vitest';
import { api } from '../src/lib/api/client';
import type { Stated } from '../src/lib/api/oversight';
import { purpose, PurposeState } from '../src/lib/state/purpose.svelte';

const CASE: Stated = {
  id: 'why-1',
  code: 'case',
  ref: 'K-7',
  text: '',
  words: 'case K-7',
  stated_utc: 1_000,
  until_utc: 8_000,
};
const mine = { standing: [], needed: true, incidents: [], hours: 8, codes: [] };

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status });
}

afterEach(() => {
  vi.restoreAllMocks();
  purpose.forget();
});

describe('a purpose', () => {
  it('is asked for when the server wants one, and the request is made again with it', async () => {
    const sent: (string | undefined)[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation((where, init) => {
      const header = (init?.headers as Record<string, string>)['x-samband-purpose'];
      if (String(where).endsWith('/purposes')) return Promise.resolve(answer(201, { ...CASE, until_utc: 9e18 }));
      sent.push(header);
      return Promise.resolve(header ? answer(200, { total: 3 }) : answer(428, { error: { message: 'why' } }));
    });
    const asked = api.get<{ total: number }>('/calls');
    await vi.waitFor(() => expect(purpose.asking).toBe(true));
    await purpose.state('case', 'K-7', '');
    expect(await asked).toEqual({ total: 3 });
    // The first request, the look whether one stands from before, and the request made again.
    expect(sent).toEqual([undefined, undefined, 'why-1']);
    expect(purpose.asking).toBe(false);
  });

  it('that nobody gives leaves the refusal as it is', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(answer(428, { error: { message: 'say why' } })));
    const asked = api.get('/calls');
    await vi.waitFor(() => expect(purpose.asking).toBe(true));
    purpose.cancel();
    await expect(asked).rejects.toThrow('say why');
  });

  it('is asked once, however many wait for it', async () => {
    const state = new PurposeState(() => 2_000);
    const both = [state.ask(), state.ask()];
    state.use(CASE);
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(state.header).toBe('why-1');
  });

  it('is not sent when its time is over', () => {
    let now = 2_000;
    const state = new PurposeState(() => now);
    state.use(CASE);
    expect([state.words, state.header]).toEqual(['case K-7', 'why-1']);
    now = 8_001;
    expect([state.words, state.header]).toEqual(['', '']);
  });

  it('is taken up again by whoever needs one, and a desk begins without', async () => {
    const standing = [{ ...CASE, until_utc: 9e18 }];
    const get = vi.spyOn(api, 'get').mockResolvedValue({ ...mine, standing });
    const auditor = new PurposeState();
    await auditor.load();
    expect(auditor.header).toBe('why-1');
    get.mockResolvedValue({ ...mine, standing, needed: false });
    const operator = new PurposeState();
    expect(await operator.demand()).toBe(true);
    expect(operator.header).toBe('');
  });
});
