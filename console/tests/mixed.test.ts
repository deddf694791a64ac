import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import MixDialog from '../src/components/MixDialog.svelte';
import PttBar from '../src/components/PttBar.svelte';
import SelectedPanel from '../src/components/SelectedPanel.svelte';
import Tile from '../src/components/Tile.svelte';
import { patchesApi, type Patch, type PatchMix } from '../src/lib/api/patches';
import { clearWords, encryptedWords, plusWords, unconfirmed } from '../src/lib/patches';
import { Ptt } from '../src/lib/ptt/ptt.svelte';
import { desk } from '../src/lib/state/desk.svelte';
import { askMix } from '../src/lib/state/desk_parts';
import { patches, Patches } from '../src/lib/state/patches.svelte';
import { ui } from '../src/lib/state/ui.svelte';
import { event, makeLink, makeTalkgroup } from './samples';

const CLEAR = 'norrvik/310201';
const KEYED = 'norrvik/310202';

function makeMix(more: Partial<PatchMix> = {}): PatchMix {
  return { encrypted: [KEYED], clear: [CLEAR], encrypted_hidden: 0, clear_hidden: 0, key: 'k1', confirmed_until_utc: null, ...more };
}

function makePatch(mix: PatchMix | null | undefined): Patch {
  const members = [CLEAR, KEYED].map((talkgroup) => ({ talkgroup, ready: true, reason: '', skipped: '', skipped_utc: null }));
  return {
    id: 'p-1', label: 'P1', name: 'Both', members, hidden: 0, owner: '', owner_id: '', position: null, reason: '',
    since_utc: 0, until_utc: null, mixed: true, from_plan: true, ...(mix === undefined ? {} : { mix }),
  };
}

let shown: Record<string, unknown>[] = [];

function show(component: unknown, props: Record<string, unknown> = {}): void {
  shown.push(mount(component as never, { target: document.body, props }) as Record<string, unknown>);
  flushSync();
}

const at = (id: string): HTMLElement | null => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
const words = (element: Element | null): string => element?.textContent?.replace(/\s+/g, ' ').trim() ?? '';

beforeEach(() => {
  desk.talkgroups.load(
    [makeTalkgroup(310201, { name: 'BRAND 1' }), makeTalkgroup(310202, { name: 'SPANING 1', encrypted: true })],
    [makeLink()],
  );
  desk.session.position = '3';
  desk.session.permissions = [];
  desk.selected = KEYED;
  patches.load([makePatch(makeMix())]);
});

afterEach(() => {
  for (const one of shown) void unmount(one);
  shown = [];
  ui.close();
  patches.load([]);
  desk.selected = null;
  vi.restoreAllMocks();
});

describe('a mixed patch', () => {
  it('is named mixed on the tile and on what talks, before the press', () => {
    show(Tile, { row: desk.talkgroups.byId.get(KEYED) });
    const tile = at('tile-norrvik-310202');
    expect(words(tile?.querySelector('.badge--warn') ?? null)).toBe('P1 mixed');
    expect(tile?.getAttribute('aria-label')).toContain('mixed, heard in clear on BRAND 1');
    expect(at('pad-norrvik-310202')?.getAttribute('aria-label')).toBe('Talk on SPANING 1 + 1, mixed');
    vi.spyOn(desk, 'hindrance').mockReturnValue('');
    show(PttBar);
    expect(words(at('ptt'))).toContain('Talk on SPANING 1 + 1, mixed');
    show(SelectedPanel);
    expect(words(at('mixed'))).toContain('P1 is mixed: you are heard in clear on BRAND 1');
    at('mix-ask')?.click();
    expect([ui.dialog, ui.about]).toEqual(['mix', 'p-1']);
  });

  it('is calm once it is confirmed', () => {
    const mix = makeMix({ confirmed_until_utc: (Date.now() + 3_600_000) * 1000 });
    patches.load([makePatch(mix)]);
    show(Tile, { row: desk.talkgroups.byId.get(KEYED) });
    expect(at('tile-norrvik-310202')?.querySelector('.badge--warn')).toBeNull();
    expect(words(at('tile-norrvik-310202'))).toContain('P1 mixed');
    show(SelectedPanel);
    expect(words(at('mixed'))).toContain('Confirmed until');
    expect(at('mix-ask')).toBeNull();
  });

  it('says who hears it in clear, those that one may not know by number', () => {
    const name = (id: string): string => desk.talkgroups.name(id);
    expect(clearWords(makeMix({ clear_hidden: 2 }), name)).toBe('BRAND 1 and 2 more');
    expect(encryptedWords(makeMix({ encrypted: [], encrypted_hidden: 1 }), name)).toBe('1 you may not know');
    expect([plusWords(0, false), plusWords(2, false), plusWords(2, true)]).toEqual(['', ' + 2', ' + 2, mixed']);
    expect(unconfirmed(null, 0)).toBe(false);
    expect(unconfirmed(makeMix({ confirmed_until_utc: 5_000 }), 5)).toBe(true);
    expect(unconfirmed(makeMix({ confirmed_until_utc: 5_001 }), 5)).toBe(false);
  });
});

describe('the dialog', () => {
  it('opens from the refusal, has its focus where nothing is done, and confirms what it shows', async () => {
    const sent = vi.spyOn(patchesApi, 'confirmMix').mockResolvedValue({ until_utc: (Date.now() + 60_000) * 1000 });
    const asked: string[] = [];
    const ptt = new Ptt({
      send: () => undefined, microphone: () => undefined, cue: () => undefined, cutCues: () => undefined,
      hindrance: () => '', limitS: () => 60, asked: ({ mix }) => askMix(mix, (text) => asked.push(text)),
    });
    ptt.take({ op: 'socket', open: true });
    ptt.press(KEYED, 'key');
    const refusal = {
      op: 'state', request: ptt.current?.request ?? '', talkgroup: KEYED, state: 'denied', words: 'Refused: P1 is mixed',
      place: null, on_air_ms: null, transmission: null, ask: { mix: 'p-1' },
    } as const;
    ui.open('note');
    ptt.take(refusal);
    expect(ui.dialog).toBe('note'); // what is being written is not thrown away
    expect(asked[0]).toContain('then confirm P1');
    ui.close();
    ptt.release();
    ptt.press(KEYED, 'key');
    ptt.take({ ...refusal, request: ptt.current?.request ?? '' });
    expect([ui.dialog, ui.about]).toEqual(['mix', 'p-1']);
    ptt.release();
    show(MixDialog);
    expect(words(at('mix-clear'))).toBe('BRAND 1');
    expect(words(at('mix-encrypted'))).toBe('SPANING 1');
    expect(words(document.activeElement)).toBe('Not now');
    at('mix-confirm')?.click();
    await vi.waitFor(() => expect(ui.dialog).toBeNull());
    expect(sent).toHaveBeenCalledWith('p-1', 'k1');
    expect(unconfirmed(patches.mixOf(KEYED), Date.now())).toBe(false);
  });

  it('shows the other mix when it changed meanwhile', async () => {
    vi.spyOn(patchesApi, 'confirmMix').mockRejectedValue(new Error('P1 has changed meanwhile'));
    vi.spyOn(patches, 'refresh').mockImplementation(async () => patches.load([makePatch(makeMix({ clear_hidden: 1, key: 'k2' }))]));
    ui.open('mix', 'p-1');
    show(MixDialog);
    at('mix-confirm')?.click();
    await vi.waitFor(() => expect(words(at('mix-clear'))).toBe('BRAND 1 and 1 more'));
    expect(words(document.querySelector('[role="alert"]'))).toContain('Not confirmed: P1 has changed meanwhile');
    patches.load([makePatch(null)]);
    flushSync();
    expect(at('mix-confirm')).toBeNull();
  });
});

describe('patches of the stream', () => {
  it('ask what mixes when one is made or changed, and learn of a confirmation in another window', async () => {
    const answers = [makePatch(makeMix()), makePatch(null)];
    const all = new Patches(() => Promise.resolve({ patches: [answers.shift() as Patch] }));
    all.take(event('patch.made', { ...makePatch(undefined), patch: 'p-1', members: [CLEAR, KEYED] }));
    await vi.waitFor(() => expect(all.mixOf(CLEAR)?.clear).toEqual([CLEAR]));
    all.take(event('patch.mix_confirmed', { patch: 'p-1', label: 'P1', user: 'u', until_utc: 77 }));
    expect(all.mixOf(CLEAR)?.confirmed_until_utc).toBe(77);
    all.take(event('patch.changed', { patch: 'p-1', name: 'Both', members: [CLEAR, 'norrvik/310203'], mixed: true }));
    await vi.waitFor(() => expect(all.mixOf(CLEAR)).toBeNull());
  });

  it('keep what they knew when nobody answers', async () => {
    const all = new Patches(() => Promise.reject(new Error('no connection')));
    all.load([makePatch(makeMix())]);
    await all.refresh();
    expect(all.mixOf(CLEAR)?.key).toBe('k1');
  });
});
