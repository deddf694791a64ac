import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import ClaimReview from '../src/components/ClaimReview.svelte';
import MediaList from '../src/components/MediaList.svelte';
import { api } from '../src/lib/api/client';
import type { Candidate, ClaimLook, MediaRow } from '../src/lib/api/types';

const candidate = (change: Partial<Candidate> = {}): Candidate => ({
  id: 'h-1', incident: 'i-1', label: 'INC-1', place: 'Kajgatan', camera: 'cam-0412', type: 'plate', needed: 1,
  answered: false, made_utc: 0, expires_utc: (Date.now() + 20 * 60_000) * 1000, ...change,
});
let shown: Record<string, unknown> | null = null;

function show(component: unknown, props: Record<string, unknown>): void {
  shown = mount(component as never, { target: document.body, props }) as Record<string, unknown>;
  flushSync();
}
const at = (id: string): HTMLElement | null => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
const settle = async (): Promise<void> => {
  await vi.waitFor(() => undefined);
  await new Promise((done) => setTimeout(done));
  flushSync();
};

beforeEach(() => {
  document.body.innerHTML = '';
});
afterEach(() => {
  if (shown) void unmount(shown);
  shown = null;
  vi.restoreAllMocks();
});

describe('the review of faces and plates', () => {
  it('shows what a candidate names only after a look, and without a score', async () => {
    vi.spyOn(api, 'candidates').mockResolvedValue([candidate(), candidate({ id: 'h-2', incident: 'i-2' })]);
    const look: ClaimLook = {
      ...candidate(), value: 'NRV 482', category: 'unknown',
      stills: [{ id: 'v-1', state: 'fetched', reason: '' }, { id: 'v-2', state: 'wanted', reason: '' }],
    };
    const looked = vi.spyOn(api, 'lookAt').mockResolvedValue(look);
    show(ClaimReview, { incident: 'i-1', stamp: 1 });
    await settle();
    expect(document.body.textContent).toContain('1 candidate');
    expect(document.body.textContent).toContain('One person confirms it');
    expect(document.body.textContent).not.toContain('NRV');
    expect(looked).not.toHaveBeenCalled();
    at('claim-look')?.click();
    await settle();
    expect(at('claim-value')?.textContent).toBe('NRV 482');
    expect([...document.images].map((one) => one.getAttribute('src'))).toEqual(['/api/v1/media/v-1']);
    expect(document.body.textContent).not.toContain('score');
  });

  it('sends the answer and asks for the list again', async () => {
    const list = vi.spyOn(api, 'candidates').mockResolvedValueOnce([candidate()]).mockResolvedValue([]);
    vi.spyOn(api, 'lookAt').mockResolvedValue({ ...candidate(), value: 'NRV 482', category: 'unknown', stills: [] });
    const judged = vi.spyOn(api, 'judge').mockResolvedValue({ state: 'rejected' });
    show(ClaimReview, { incident: 'i-1', stamp: 1 });
    await settle();
    at('claim-look')?.click();
    await settle();
    expect(document.body.textContent).toContain('No still is there yet');
    at('claim-reject')?.click();
    await settle();
    await settle();
    expect(judged).toHaveBeenCalledWith('h-1', 'rejected', '');
    expect(list).toHaveBeenCalledTimes(2);
    expect(at('claims')).toBeNull();
  });

  it('says that a face needs a second person, and lets nobody confirm twice', async () => {
    vi.spyOn(api, 'candidates').mockResolvedValue([candidate({ type: 'face', needed: 2, answered: true })]);
    show(ClaimReview, { incident: 'i-1', stamp: 1 });
    await settle();
    expect(document.body.textContent).toContain('somebody else has to look');
    expect(at('claim-look')).toBeNull();
    expect(at('claim-confirm')).toBeNull();
  });
});

describe('stills and clips', () => {
  const row = (change: Partial<MediaRow>): MediaRow => ({
    id: 'v-1', kind: 'clip', camera: 'cam-0412', state: 'fetched', reason: '', made_utc: 0, made_by: '',
    duration_ms: 60_000, ...change,
  });

  it('links what is there and says why the rest is not', () => {
    const rows = [row({}), row({ id: 'v-2', state: 'partial', reason: '18 s are missing' }), row({ id: 'v-3', state: 'gone', duration_ms: null, reason: 'the source answered 404' })];
    const keep = vi.fn();
    show(MediaList, { rows, view: true, onkeep: keep });
    expect([...document.querySelectorAll('a')].map((one) => one.getAttribute('href'))).toEqual(['/api/v1/media/v-1', '/api/v1/media/v-2']);
    expect(document.body.textContent).toContain('18 s are missing');
    expect(document.body.textContent).toContain('gone at the source, the source answered 404');
    at('keep-clip')?.click();
    expect(keep).toHaveBeenCalledOnce();
  });

  it('links nothing for who may not view', () => {
    show(MediaList, { rows: [row({})], view: false });
    expect(document.querySelector('a')).toBeNull();
    expect(at('keep-clip')).toBeNull();
  });
});
