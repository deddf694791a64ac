import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import AlertStrip from '../src/components/AlertStrip.svelte';
import PttBar from '../src/components/PttBar.svelte';
import Tile from '../src/components/Tile.svelte';
import { time } from '../src/lib/state/clock.svelte';
import { desk } from '../src/lib/state/desk.svelte';
import { event, makeAlarm, makeLink, makeTalkgroup } from './samples';

const ID = 'norrvik/310201';
let shown: Record<string, unknown> | null = null;

function show(component: unknown, props: Record<string, unknown> = {}): HTMLElement {
  shown = mount(component as never, { target: document.body, props }) as Record<string, unknown>;
  flushSync();
  return document.body;
}

/** The server has said nothing for so many seconds. */
function silentFor(seconds: number): void {
  time.fast = 1_000_000;
  desk.stream.lastHeard = 1_000_000 - seconds * 1_000;
}

beforeEach(() => {
  desk.talkgroups.load([makeTalkgroup(310201, { name: 'NORRVIK PATRULL 1' })], [makeLink()]);
  desk.alarms.load([]);
  desk.selected = ID;
  desk.session.position = '3';
  desk.sound.mic.state = 'ready';
  desk.loaded = true;
  desk.logWritable = true;
  silentFor(0);
});
afterEach(() => {
  if (shown) void unmount(shown);
  shown = null;
  document.body.innerHTML = '';
});

describe('a gap in the event stream', () => {
  it('is said on the tile and in the strip, with its seconds', () => {
    silentFor(7);
    expect(show(Tile, { row: desk.talkgroups.byId.get(ID) }).textContent).toContain('No news 7 s');
    expect(show(AlertStrip).textContent).toContain('Reconnecting (7 s)');
  });

  it('leaves push-to-talk on what was known last for 10 s, then says why not', () => {
    silentFor(9);
    expect(desk.hindrance(ID)).toBe('');
    silentFor(12);
    expect(desk.hindrance(ID)).toBe('no news from the server for 12 s');
  });
});

describe('a microphone that is not there', () => {
  it.each([
    ['missing', 'no microphone', 'No microphone found: plug one in'],
    ['blocked', 'microphone blocked', 'allow it beside the address'],
    ['insecure', 'no microphone without HTTPS', 'open the https address'],
    ['lost', 'microphone lost', 'plug it in'],
  ] as const)('(%s) stops push-to-talk and tells the steps', (state, why, steps) => {
    desk.sound.mic.state = state;
    expect(desk.hindrance(ID)).toBe(why);
    const page = show(PttBar);
    expect(page.querySelector('.ptt')?.getAttribute('aria-disabled')).toBe('true');
    expect(page.textContent).toContain(why);
    expect(page.textContent).toContain(steps);
  });
});

describe('a log that cannot be written', () => {
  it('is said in the strip, with what still works', () => {
    desk.logWritable = false;
    const strip = show(AlertStrip).textContent ?? '';
    expect(strip).toContain('Log not writable');
    expect(strip).toContain('Radio works');
  });
});

describe('the strip beside several acknowledged alarms', () => {
  it('leaves out incidents, for which there is no place', () => {
    const incident = { id: 'i-1', label: 'INC-1', title: 'Car', kind: '', severity: '', state: 'open', opened_utc: 1 };
    desk.incidents.load([1, 2, 3, 4, 5].map((number) => ({ ...incident, id: `i-${number}` })));
    for (const alarm of ['a-1', 'a-2', 'a-3']) {
      desk.alarms.take(event('alarm.raised', makeAlarm({ alarm })));
      desk.alarms.take(event('alarm.acknowledged', { alarm, operator: 'S', way: 'sent', reason: '' }));
    }
    const page = show(AlertStrip);
    expect(page.querySelectorAll('.emb--ack')).toHaveLength(3);
    expect(page.querySelectorAll('.inc')).toHaveLength(0);
    desk.alarms.load([]);
    flushSync();
    expect(page.querySelectorAll('.inc')).toHaveLength(4);
  });
});

describe('an emergency that waits for an open microphone', () => {
  it('stands in the push-to-talk bar', () => {
    desk.ptt.socketOpen = true;
    desk.ptt.current = {
      request: 'r-1', talkgroup: ID, source: 'key', state: 'on_air', words: '', place: null, priority: 0, pressedAt: 0,
      onAirAt: time.fast - 1_000, released: false, latched: false, transmission: null, unheard: false, limitS: 60,
    };
    const page = show(PttBar);
    expect(page.textContent).toContain('release to end');
    desk.alarms.take(event('alarm.raised', makeAlarm()));
    flushSync();
    expect(page.textContent).toContain('EMERGENCY 3204: release');
    desk.ptt.current = null;
  });
});
