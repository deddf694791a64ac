import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import Tile from '../src/components/Tile.svelte';
import AlertStrip from '../src/components/AlertStrip.svelte';
import { desk } from '../src/lib/state/desk.svelte';
import type { Talkgroup } from '../src/lib/state/talkgroups.svelte';
import { event, makeAlarm, makeLink, makeTalkgroup, makeUnit, started } from './samples';

const ID = 'norrvik/310201';
let shown: Record<string, unknown> | null = null;

function show(component: typeof Tile | typeof AlertStrip, props: Record<string, unknown>): void {
  shown = mount(component as never, { target: document.body, props }) as Record<string, unknown>;
  flushSync();
}

function tile(): HTMLElement {
  return document.querySelector('.tile') as HTMLElement;
}

function row(): Talkgroup {
  return desk.talkgroups.byId.get(ID) as Talkgroup;
}

beforeEach(() => {
  desk.talkgroups.load([makeTalkgroup(310201, { name: 'NORRVIK PATRULL 1' })], [makeLink()]);
  desk.alarms.load([]);
  desk.units.load([makeUnit(1210204, { alias: '3204' })]);
  desk.selected = null;
  desk.session.position = '3';
  desk.session.permissions = ['alarm.acknowledge', 'ptt.press'];
});
afterEach(() => {
  if (shown) void unmount(shown);
  shown = null;
  document.body.innerHTML = '';
});

describe('a tile on the page', () => {
  it('shows who talks, and says so in its name', () => {
    show(Tile, { row: row() });
    expect(tile().dataset['rx']).toBe('quiet');
    desk.talkgroups.take(started());
    flushSync();
    expect(tile().dataset['rx']).toBe('receiving');
    expect(tile().querySelector('.who')?.textContent).toBe('3204');
    expect(tile().getAttribute('aria-label')).toContain('01, NORRVIK PATRULL 1, receiving, 3204');
  });

  it('carries alarm, selection and receive at the same time, each in its own place', () => {
    show(Tile, { row: row() });
    desk.talkgroups.take(started());
    desk.alarms.take(event('alarm.raised', makeAlarm()));
    desk.selected = ID;
    flushSync();
    expect({ ...tile().dataset }).toMatchObject({ rx: 'receiving', alarm: 'raised', rel: 'selected' });
    expect(tile().querySelector('.tile__alarm')?.textContent).toContain('EMERGENCY');
    expect(tile().querySelector('.tile__agency')).toBeNull();
  });

  it('says what cannot reach the desk when its link is lost, and stays pressable in words', () => {
    show(Tile, { row: row() });
    desk.talkgroups.take(
      event('link.changed', { link: 'norrvik-c', state: 'down', reason: 'cable out', model: '', firmware: '', signal_dbm: null, capabilities: [] }),
    );
    flushSync();
    expect({ ...tile().dataset }).toMatchObject({ rx: 'offline', emg: 'lost' });
    expect(tile().textContent).toContain('Emergencies cannot reach you since');
    expect(desk.hindrance(ID)).toBe('cable out');
  });

  it('has no pad where nobody may talk, and no volume where nobody may hear', () => {
    desk.talkgroups.load([makeTalkgroup(310201, { actions: ['see'] })], [makeLink()]);
    show(Tile, { row: row() });
    expect(tile().querySelector('.pad')).toBeNull();
    expect(tile().querySelector('input[type=range]')).toBeNull();
  });

  it('says that its link carries no emergency', () => {
    row().state.emergency_in = false;
    show(Tile, { row: row() });
    expect(tile().querySelector('.who')?.textContent).toBe('No emergency on this link');
    expect(tile().dataset['emg']).toBe('none');
  });
});

describe('the alert strip', () => {
  it('raises the banner for a reader, then shows the card with its way to the radio', () => {
    show(AlertStrip, {});
    desk.alarms.take(event('alarm.raised', makeAlarm()));
    flushSync();
    const strip = document.querySelector('[data-testid=alert-strip]') as HTMLElement;
    expect(strip.querySelector('[role=alert]')?.textContent).toContain('EMERGENCY 3204');
    expect(strip.querySelector('[data-testid=alarm-ack]')).not.toBeNull();
    desk.alarms.take(event('alarm.acknowledged', { alarm: 'a-1', operator: 'Sara Holm', way: 'not_possible', reason: '' }));
    flushSync();
    expect(strip.querySelector('[data-testid=alarm-ack]')).toBeNull();
    expect(strip.textContent).toContain('To the radio: not possible on this link');
    expect(strip.querySelector('[data-testid=alarm-open]')).not.toBeNull();
  });

  it('keeps the banner of an alarm whose link died, and says when it was heard last', () => {
    show(AlertStrip, {});
    desk.alarms.take(event('alarm.raised', makeAlarm()));
    desk.alarms.take(event('alarm.link_changed', { alarm: 'a-1', lost: true, last_heard_utc: 1_764_000_000_000_000 }));
    flushSync();
    expect(document.querySelector('.emb')?.textContent).toMatch(/Link lost \d\d:\d\d, last heard \d\d:\d\d:\d\d/);
  });

  it('calls an exercise an exercise', () => {
    show(AlertStrip, {});
    desk.alarms.take(event('alarm.raised', makeAlarm({ exercise: true })));
    flushSync();
    expect(document.querySelector('.emb__mark')?.textContent).toContain('EXERCISE');
  });

  it('says that the own desk has no sound', () => {
    desk.session.permissions = ['voice.hear'];
    show(AlertStrip, {});
    expect(document.querySelector('[data-testid=no-sound]')?.textContent).toContain('NO SOUND AT THIS DESK');
  });
});
