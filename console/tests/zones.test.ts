import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import ChangesDialog from '../src/components/ChangesDialog.svelte';
import PlanNotice from '../src/components/PlanNotice.svelte';
import { layoutsApi, type BoardLayout } from '../src/lib/api/layouts';
import { desk } from '../src/lib/state/desk.svelte';
import { emergencyTarget } from '../src/lib/state/zones.svelte';
import { statusesOf } from '../src/lib/statuses';
import { ui } from '../src/lib/state/ui.svelte';
import { event, makeLink, makeTalkgroup } from './samples';

const A = 'norrvik/310201';
const B = 'norrvik/310202';
const C = 'norrvik/310203';

function layout(change: Partial<BoardLayout> = {}): BoardLayout {
  return {
    id: 'n', name: 'Norrvik', columns: 4, rows: 3, others: 'Other', emergency: [B],
    pages: [
      { name: 'One', cells: [{ place: 6, talkgroup: A, volume_percent: 40, muted: false }, { place: 1, talkgroup: B, volume_percent: 100, muted: true }] },
      { name: 'Two', cells: [{ place: 2, talkgroup: A, volume_percent: 100, muted: false }] },
    ],
    ...change,
  };
}

beforeEach(() => {
  desk.talkgroups.load(
    [makeTalkgroup(310201, { folder: 'F' }), makeTalkgroup(310202, { folder: 'F' }), makeTalkgroup(310203, { folder: 'G' })],
    [makeLink({ capabilities: ['emergency_in', 'emergency_out'] })],
  );
  desk.alarms.load([]);
  desk.selected = null;
  desk.zones.layout = null;
  desk.prefs.muted = {};
  desk.prefs.volumes = {};
});

describe('a board', () => {
  it('shows folders where the position has no layout', () => {
    expect(desk.zones.names).toEqual(['F', 'G']);
    expect(desk.zones.at('F', 1)?.id).toBe(A);
    expect(desk.zones.cells('F', 6).length).toBe(30);
  });

  it('shows pages and cells of the layout, and what is in none on its last tab', () => {
    desk.zones.layout = layout();
    expect(desk.zones.names).toEqual(['One', 'Two', 'Other']);
    const cells = desk.zones.cells('One', 4).map((row) => row?.id ?? '');
    expect(cells.slice(0, 12)).toEqual([B, '', '', '', '', A, '', '', '', '', '', '']);
    expect(desk.zones.at('One', 6)?.id).toBe(A);
    expect(desk.zones.of(A)).toEqual(['One', 'Two']);
    expect(desk.zones.rows('Other').map((row) => row.id)).toEqual([C]);
    expect(desk.zones.of(C)).toEqual(['Other']);
  });

  it('never puts what is selected out of sight', () => {
    desk.zones.layout = layout({ others: '' });
    expect(desk.zones.names).toEqual(['One', 'Two']);
    desk.selected = C;
    flushSync();
    expect(desk.zones.names).toEqual(['One', 'Two', 'Other']);
  });

  it('keeps cells in their order where the window is narrow', () => {
    desk.zones.layout = layout();
    const cells = desk.zones.cells('One', 3);
    expect(cells[0]?.id).toBe(B);
    expect(cells[5]?.id).toBe(A);
  });

  it('gives first volumes to who has set none', () => {
    desk.zones.layout = layout();
    expect([desk.prefs.volumeOf(A), desk.prefs.mutedOf(B), desk.prefs.mutedOf(A)]).toEqual([0.4, true, false]);
    desk.prefs.volumes[A] = 0.9;
    desk.prefs.muted[B] = false;
    expect([desk.prefs.volumeOf(A), desk.prefs.mutedOf(B)]).toEqual([0.9, false]);
  });

  it('sends an emergency call to the talkgroup of the position', () => {
    desk.zones.layout = layout();
    desk.selected = A;
    expect(desk.emergencyTalkgroup?.id).toBe(B);
    desk.zones.layout = layout({ emergency: [B, A] });
    expect(desk.emergencyTalkgroup?.id).toBe(A);
    desk.zones.layout = layout({ emergency: [] });
    expect(desk.emergencyTalkgroup?.id).toBe(A);
    const rows = [{ id: 'x' }, { id: 'y' }];
    expect(emergencyTarget(rows, null, (row) => row.id === 'y')?.id).toBe('y');
    expect(emergencyTarget(rows, { id: 'x' }, () => false)).toBeNull();
  });
});

describe('what a plan changed', () => {
  let shown: Record<string, unknown>[] = [];
  const show = (component: unknown): void => {
    shown.push(mount(component as never, { target: document.body, props: {} }) as Record<string, unknown>);
    flushSync();
  };
  afterEach(() => {
    for (const one of shown) void unmount(one);
    shown = [];
    document.body.innerHTML = '';
    desk.changes.list = [];
    vi.restoreAllMocks();
  });

  it('is told calmly, stays at hand, and goes when it was seen', async () => {
    desk.session.position = '3';
    const notices = vi.spyOn(layoutsApi, 'notices').mockResolvedValue([]);
    expect(await desk.changes.load('3')).toBe('');
    const rows = [{ id: 7, plan: 42, previous: 41, t_utc: 1_764_000_000_000_000, lines: ['Cell 12: PATRULL RESERV -> empty cell', 'Text Stand by added'] }];
    notices.mockResolvedValue(rows);
    const seen = vi.spyOn(layoutsApi, 'seen').mockResolvedValue({});
    show(PlanNotice);
    expect(document.querySelector('[data-testid="plan-notice"]')).toBeNull();
    const noticed = event('plan.noticed', { plan: 42, previous: 41, positions: ['3'] });
    expect(await desk.changes.take(noticed, '3')).toBe('Plan 42 changed 2 things at this position');
    expect(await desk.changes.take(noticed, '4')).toBe('');
    flushSync();
    const button = document.querySelector<HTMLButtonElement>('[data-testid="plan-notice"]');
    expect(button?.textContent).toContain('Plan 42: 2 changes here');
    button?.click();
    expect(ui.dialog).toBe('changes');
    show(ChangesDialog);
    expect(document.querySelector('[data-testid="notice-42"]')?.textContent).toContain('PATRULL RESERV → empty cell');
    document.querySelector<HTMLButtonElement>('[data-testid="notice-seen"]')?.click();
    await vi.waitFor(() => expect(ui.dialog).toBeNull());
    expect(seen).toHaveBeenCalledWith(7);
    flushSync();
    expect(document.querySelector('[data-testid="plan-notice"]')).toBeNull();
  });
});

describe('statuses', () => {
  it('of a network go before those for all', () => {
    const rows = [
      { value: 1, system: null, words: 'Available' }, { value: 1, system: 'sea', words: 'In port' }, { value: 2, system: 'norrvik', words: 'x' },
    ];
    expect(statusesOf(rows, 'sea').map((row) => row.words)).toEqual(['In port']);
    expect(statusesOf(rows, 'norrvik').map((row) => row.words)).toEqual(['Available', 'x']);
  });
});
