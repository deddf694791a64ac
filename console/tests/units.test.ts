import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import SelectedPanel from '../src/components/SelectedPanel.svelte';
import Tile from '../src/components/Tile.svelte';
import UnitDialog from '../src/components/UnitDialog.svelte';
import * as air from '../src/lib/air';
import { api } from '../src/lib/api/client';
import type { Message } from '../src/lib/api/types';
import { desk } from '../src/lib/state/desk.svelte';
import { notice } from '../src/lib/state/notices';
import { ui } from '../src/lib/state/ui.svelte';
import { outcome } from '../src/lib/unit_acts';
import { marks } from '../src/lib/words';
import { ended, event, makeLink, makeTalkgroup, makeUnit, started } from './samples';

const UNIT = 'norrvik/1210101';
const GROUP = 'norrvik/310201';
const ALL = ['message.send', 'individual.dial', 'unit.alert', 'unit.query', 'unit.check', 'unit.inhibit'];
let shown: Record<string, unknown> | null = null;

function p25(): void {
  desk.talkgroups.load(
    [
      makeTalkgroup(310201, {
        name: 'HARBOUR 1', technology: 'p25', system_name: 'Hamnen', sites: ['Kajen'], nac: 0x293,
      }),
    ],
    [makeLink({ capabilities: ['unit_acts', 'emergency_in', 'emergency_ack'] })],
  );
  desk.units.load([makeUnit(1210101, { alias: 'B 101', talkgroup: GROUP })]);
  desk.messages.load([]);
  desk.statuses = [
    { value: 7, digit: '7', words: 'At the scene', kind: 'unit' },
    { value: 9, digit: 'E', words: 'Emergency', kind: 'emergency' },
  ];
  desk.session.position = '3';
  desk.session.permissions = ALL;
  desk.session.user = { id: 'u', name: 'sara', display_name: 'Sara Holm', role: 'supervisor', organisation: 'P' };
  desk.selected = null;
}

function show(component: unknown, props: Record<string, unknown> = {}): void {
  shown = mount(component as never, { target: document.body, props }) as Record<string, unknown>;
  flushSync();
}

const at = (id: string): HTMLElement | null => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
const text = (id: string): string => at(id)?.textContent?.replace(/\s+/g, ' ').trim() ?? '';
const press = (id: string): void => {
  at(id)?.click();
  flushSync();
};

function write(id: string, value: string): void {
  const field = at(id) as HTMLInputElement;
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  flushSync();
}

beforeEach(p25);
afterEach(() => {
  if (shown) void unmount(shown);
  shown = null;
  document.body.innerHTML = '';
  vi.restoreAllMocks();
});

describe('words of the air', () => {
  it.each([
    [{ encrypted: true, algorithm: 0x84, key_id: 0x1234 }, 'Encrypted AES-256, key 1234'],
    [{ encrypted: true, algorithm: 0xaa, key_id: 0xf }, 'Encrypted ADP, key 000F'],
    [{ encrypted: true, algorithm: 0x66, key_id: null }, 'Encrypted algorithm 66'],
    [{ encrypted: true, algorithm: 0x41, key_id: 1 }, 'Encrypted government type 41, key 0001'],
    [{ encrypted: true, algorithm: null, key_id: null }, 'Encrypted'],
    [{ encrypted: false, algorithm: 0x80, key_id: 0 }, ''],
  ])('writes %o as %s', (row, words) => {
    expect(air.encryptionWords(row)).toBe(words);
  });

  it.each([
    [0.004, 'Good 0.4 %', 'good reception, 0.4 % bit errors'],
    [0.02, 'Fair 2.0 %', 'fair reception, 2.0 % bit errors'],
    [0.053, 'Weak 5.3 %', 'weak reception, 5.3 % bit errors'],
    [0.12, 'Weak 12 %', 'weak reception, 12 % bit errors'],
    [null, '', ''],
  ])('tells a share of wrong bits of %s as %s', (rate, short, long) => {
    expect(air.receptionWords(rate)).toBe(short);
    expect(air.receptionLong(rate)).toBe(long);
  });

  it('names system, site, NAC and talkgroup number', () => {
    const [row] = desk.talkgroups.list;
    expect(row && air.systemWords(row.info)).toBe('P25 Hamnen, NAC 293h, talkgroup 310201, site Kajen');
    const tetra = makeTalkgroup(310202, { system_name: 'TETRA Norrvik' });
    expect(air.systemWords(tetra)).toBe('TETRA Norrvik, talkgroup 310202');
  });

  it('names a unit by alias and id', () => {
    expect(air.aliasAndId('B 101', UNIT)).toBe('B 101 (1210101)');
    expect(air.aliasAndId('', UNIT)).toBe('1210101');
    expect(air.aliasAndId('1210101', UNIT)).toBe('1210101');
  });

  it('says what the links cannot carry, and nothing before they said what they can', () => {
    const row = desk.talkgroups.byId.get(GROUP);
    expect(air.lack(row?.state, 'emergency_in')).toBe('');
    desk.talkgroups.take(
      event('link.changed', { link: 'norrvik-c', state: 'up', reason: '', model: '', firmware: '', signal_dbm: null, capabilities: ['unit_acts'] }),
    );
    expect(air.lack(row?.state, 'emergency_in')).toBe('No emergency on this link');
    expect(air.lack(row?.state, 'emergency_ack')).toBe('No acknowledgement to the radio on this link');
    expect(air.lack(row?.state, 'delivery')).toBe('No receipts on this link');
    expect(air.lack(undefined, 'delivery')).toBe('');
  });
});

describe('a P25 tile', () => {
  const tile = (): HTMLElement => document.querySelector('.tile') as HTMLElement;
  const row = () => desk.talkgroups.byId.get(GROUP);
  const talker = { talker: UNIT, alias: 'B 101' };

  it('names its technology, and who talks by alias and id', () => {
    show(Tile, { row: row() });
    expect(tile().querySelector('.tile__tech')?.textContent).toBe('P25');
    expect(tile().querySelector('.tile__name')?.getAttribute('title')).toContain('NAC 293h');
    desk.talkgroups.take(started(talker));
    flushSync();
    expect(tile().querySelector('.whom')?.textContent).toBe('B 1011210101');
    expect(tile().querySelector('.uid')?.textContent).toBe('1210101');
  });

  it('shows activity of an over that cannot be heard, and no sound', () => {
    show(Tile, { row: row() });
    desk.talkgroups.take(started({ ...talker, encrypted: true, readable: false, algorithm: 0x84, key_id: 0x1234 }));
    flushSync();
    expect(tile().dataset['rx']).toBe('encrypted_unreadable');
    expect(tile().querySelector('.who')?.textContent).toBe('B 101');
    expect(tile().querySelector('.tile__mute')?.textContent).toBe('Encrypted: cannot be heard');
    expect(tile().querySelector('.tile__main .lvl > i')).toBeNull();
    expect(tile().querySelector('input[type=range]')).toBeNull();
    expect(tile().getAttribute('aria-label')).toContain('encrypted: cannot be heard, B 101, 1210101, Encrypted AES-256, key 1234');
    desk.talkgroups.take(ended());
    flushSync();
    expect(tile().dataset['rx']).toBe('quiet');
    expect(tile().querySelector('.tile__mute')).toBeNull();
  });

  it('follows encryption that becomes known in the over, both ways', () => {
    show(Tile, { row: row() });
    desk.talkgroups.take(started(talker));
    const update = { transmission: 't-1', call: 'c-1', talkgroup: GROUP, ...talker, emergency: false };
    desk.talkgroups.take(event('transmission.updated', { ...update, encrypted: true, readable: false, algorithm: 0x84, key_id: 1 }));
    flushSync();
    expect(tile().dataset['rx']).toBe('encrypted_unreadable');
    desk.talkgroups.take(event('transmission.updated', { ...update, encrypted: false, readable: true, algorithm: 0x80, key_id: null }));
    flushSync();
    expect(tile().dataset['rx']).toBe('receiving');
  });

  it('counts a talker who becomes known in the over', () => {
    desk.talkgroups.take(started({ talker: null, alias: '' }));
    desk.talkgroups.take(event('transmission.updated', { transmission: 't-1', call: 'c-1', talkgroup: GROUP, ...talker, emergency: false }));
    expect(row()?.state.heard_last_hour).toBe(1);
  });

  it('says how the over is received', () => {
    show(Tile, { row: row() });
    desk.talkgroups.take(started(talker));
    desk.talkgroups.take(event('transmission.measured', { transmission: 't-1', talkgroup: GROUP, bit_error_rate: 0.031 }));
    flushSync();
    expect(tile().querySelector('.tile__badges')?.textContent).toContain('Fair 3.1 %');
    expect(tile().getAttribute('aria-label')).toContain('reception fair 3.1 %');
    desk.talkgroups.take(ended({ bit_error_rate: 0.03 }));
    flushSync();
    expect(tile().querySelector('.tile__badges')?.textContent).not.toContain('%');
    expect(row()?.state.last?.bit_error_rate).toBe(0.03);
  });
});

describe('the selected panel', () => {
  it('tells system, talker with id, encryption and reception, and what is missing', () => {
    desk.selected = GROUP;
    desk.talkgroups.take(
      event('link.changed', { link: 'norrvik-c', state: 'up', reason: '', model: '', firmware: '', signal_dbm: null, capabilities: ['unit_acts', 'affiliation', 'delivery'] }),
    );
    show(SelectedPanel);
    expect(text('system')).toBe('P25 Hamnen, NAC 293h, talkgroup 310201, site Kajen');
    expect(text('lacks')).toBe('No emergency on this link');
    desk.talkgroups.take(started({ talker: UNIT, alias: 'B 101', encrypted: true, readable: false, algorithm: 0x84, key_id: 0x1234 }));
    desk.talkgroups.take(event('transmission.measured', { transmission: 't-1', talkgroup: GROUP, bit_error_rate: 0.004 }));
    flushSync();
    expect(text('talker')).toBe('B 101 (1210101), menu of this unit');
    expect(text('over')).toBe('Encrypted: cannot be heard, AES-256, key 1234, good reception, 0.4 % bit errors');
    expect(document.querySelector('.say')?.textContent).toContain('You talk unencrypted');
    press('talker');
    expect([ui.dialog, ui.about]).toEqual(['unit', UNIT]);
    ui.close();
  });
});

function message(more: Partial<Message> = {}): Message {
  return {
    id: 'm-1', incoming: false, link: 'norrvik-c', sender: null, alias: 'B 101', to: UNIT, talkgroup: null,
    text: 'Radio check', operator: 'Sara Holm', state: 'queued', reason: '', t_utc: 1_764_000_000_000_000,
    opened_by: '', opened_utc: null, immediate: false, guessed: false, coding: '', raw_hex: '',
    kind: 'radio_check', value: null, pid: null, written: '', opta: '', itsi: '', parts: 1,
    parts_missing: 0, claims: { accepted: null, sent: null, delivered: null, read: null },
    ...more,
  };
}

describe('what came of an act', () => {
  it.each([
    ['radio_check', 'delivered', '', 'B 101, radio check: the radio is there'],
    ['radio_check', 'failed', 'no answer from the radio', 'B 101, radio check: no answer from the radio'],
    ['status_query', 'delivered', 'Available', 'B 101, status query: Available'],
    ['inhibit', 'delivered', '', 'B 101, inhibit: the radio is out of service'],
    ['inhibit', 'unknown', 'link lost', 'B 101, inhibit: not known whether it was sent, link lost'],
    ['call_alert', 'sent', '', ''],
    ['text', 'delivered', '', ''],
  ] as const)('%s %s %s is told as %s', (kind, state, reason, words) => {
    expect(outcome(message({ kind, state, reason }), 'B 101')).toBe(words);
  });

  it('has the two claims that can be known, the answer in words', () => {
    expect(marks(message()).map((mark) => mark.words)).toEqual(['On air', 'The radio is there']);
    const answered = message({ kind: 'status_query', state: 'delivered', reason: 'Available' });
    expect(marks(answered).map((mark) => mark.words)).toEqual(['On air', 'Answered: Available']);
  });
});

describe('the unit menu', () => {
  function open(): void {
    ui.open('unit', UNIT);
    show(UnitDialog);
  }

  it('asks the server, and shows what came of it', async () => {
    const asked = vi.spyOn(api, 'post').mockResolvedValue({ ok: true, reason: '' });
    open();
    for (const id of ['unit-alert', 'unit-query', 'unit-check']) {
      press(id);
      await vi.waitFor(() => expect((at(id) as HTMLButtonElement).disabled).toBe(false));
    }
    expect(asked.mock.calls.map(([where]) => where)).toEqual(['/units/alert', '/units/query', '/units/check']);
    const status = at('unit-status') as HTMLSelectElement;
    expect([...status.options].map((one) => one.textContent)).toEqual(['Status to send', '7  At the scene']);
    desk.messages.take(
      event('message.queued', { message: 'm-9', link: 'l', to: UNIT, talkgroup: null, text: 'Radio check', operator: 'Sara Holm', kind: 'radio_check' }),
    );
    desk.messages.take(event('message.progressed', { message: 'm-9', state: 'failed', reason: 'no answer from the radio' }));
    flushSync();
    expect(text('unit-asked')).toContain('Failed: no answer from the radio');
  });

  it('inhibits only with a reason, the number typed once more, and the permission', async () => {
    const asked = vi.spyOn(api, 'post').mockResolvedValue({ ok: true, reason: '' });
    open();
    press('unit-inhibit');
    const send = (): HTMLButtonElement => at('inhibit-send') as HTMLButtonElement;
    expect(send().disabled).toBe(true);
    write('inhibit-reason', 'stolen from a car');
    expect(send().disabled).toBe(true);
    write('inhibit-typed', '1210102');
    expect(send().disabled).toBe(true);
    expect(document.body.textContent).toContain('This is not the number of B 101');
    write('inhibit-typed', '1210101');
    expect(send().disabled).toBe(false);
    write('inhibit-reason', 'short');
    expect(send().disabled).toBe(true);
    write('inhibit-reason', 'stolen from a car');
    press('inhibit-send');
    expect(asked).toHaveBeenCalledWith('/units/inhibit', {
      unit: UNIT, enabled: false, reason: 'stolen from a car', typed: '1210101',
    });
    await vi.waitFor(() => expect(at('inhibit-send')).toBeNull());
    press('unit-uninhibit');
    expect(document.querySelector('h2')?.textContent).toBe('Put back into service: B 101');
    expect((at('inhibit-reason') as HTMLTextAreaElement).value).toBe('');
  });

  it('says that a radio is out of service, from its own word on', () => {
    desk.units.inhibited(UNIT, 1_764_000_000_000_000);
    open();
    expect(text('out-of-service')).toContain('Out of service since');
    desk.units.inhibited(UNIT, null);
    flushSync();
    expect(at('out-of-service')).toBeNull();
  });

  it('offers no more than is permitted', () => {
    desk.session.permissions = ['unit.check'];
    open();
    expect(at('unit-check')).not.toBeNull();
    for (const id of ['unit-alert', 'unit-query', 'unit-status', 'unit-inhibit']) expect(at(id)).toBeNull();
  });

  it('says that the link reaches no single radio', () => {
    desk.talkgroups.load([makeTalkgroup(310201)], [makeLink({ capabilities: ['text'] })]);
    open();
    expect(at('unit-alert')).toBeNull();
    expect(at('unit-inhibit')).toBeNull();
    expect(text('unit-not-possible')).toBe('No call alert, status query, radio check or inhibit on this link.');
  });
});

describe('a call alert', () => {
  it('is a message of its own kind that names who asks', () => {
    desk.messages.take(
      event('message.received', { message: 'm-2', link: 'l', sender: UNIT, to: 9, talkgroup: null, text: 'Call alert', kind: 'call_alert' }),
    );
    const [row] = desk.messages.list;
    expect([row?.kind, row?.incoming, row?.sender]).toEqual(['call_alert', true, UNIT]);
    expect(desk.messages.unread).toBe(1);
  });
});

describe('an alarm', () => {
  it('tells what became of its acknowledgement on the way to the radio', () => {
    desk.alarms.load([]);
    desk.alarms.take(event('alarm.raised', { alarm: 'a-1', unit: UNIT, alias: 'B 101', talkgroup: GROUP, link: 'l', sign: 'alarm' }));
    desk.alarms.take(event('alarm.acknowledged', { alarm: 'a-1', operator: 'Sara', way: 'sent', reason: '' }));
    desk.alarms.take(event('alarm.answered', { alarm: 'a-1', way: 'not_sent', reason: 'site busy' }));
    expect([desk.alarms.list[0]?.way, desk.alarms.list[0]?.way_reason]).toEqual(['not_sent', 'site busy']);
    desk.alarms.load([]);
  });
});

describe('what is said at once', () => {
  const me = 'Sara Holm';
  const queued = (kind: string, operator = me) =>
    event('message.queued', { message: 'm-7', link: 'l', to: UNIT, talkgroup: null, text: kind, operator, kind });
  const done = event('message.progressed', { message: 'm-7', state: 'delivered', reason: '' });

  function told(...envelopes: ReturnType<typeof event>[]): string {
    let words = '';
    for (const one of envelopes) {
      desk.messages.take(one);
      words = notice(one, desk);
    }
    return words;
  }

  it('is what came of an act of this person, and of nobody else', () => {
    expect(told(queued('radio_check'), done)).toBe('B 101, radio check: the radio is there');
    desk.messages.load([]);
    expect(told(queued('radio_check', 'Erik Lund'), done)).toBe('');
  });

  it('is an immediate text, and a call alert with the alias', () => {
    const text = { message: 'm-8', link: 'l', sender: UNIT, to: 9, talkgroup: null };
    expect(told(event('message.received', { ...text, text: 'Stop', immediate: true }))).toBe(
      'Immediate text from B 101: Stop',
    );
    const alert = { ...text, message: 'm-9', text: 'Call alert', kind: 'call_alert' };
    expect(told(event('message.received', alert))).toBe('Call alert: B 101 asks to be called back');
    expect(told(event('message.received', { ...text, message: 'm-10', text: 'Hello' }))).toBe('');
  });

  it('knows a radio as out of service from its word on, whoever asked', () => {
    told(queued('inhibit', 'Erik Lund'), done);
    expect(desk.units.byId.get(UNIT)?.inhibited_utc).toBe(done.t_utc);
  });
});
