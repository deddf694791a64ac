import { describe, expect, it } from 'vitest';
import { cells } from '../src/lib/board';
import { Activity } from '../src/lib/state/activity.svelte';
import { Alarms } from '../src/lib/state/alarms.svelte';
import { Messages } from '../src/lib/state/messages.svelte';
import { Talkgroup, Talkgroups } from '../src/lib/state/talkgroups.svelte';
import { byUrgency, Units } from '../src/lib/state/units.svelte';
import { tileView, type TileDesk } from '../src/lib/tile';
import { ended, event, makeAlarm, makeLink, makeTalkgroup, makeUnit, started, T0 } from './samples';

const ID = 'norrvik/310201';

function makeBoard() {
  const board = new Talkgroups();
  board.load([makeTalkgroup(310201), makeTalkgroup(310202)], [makeLink()]);
  return { board, row: board.byId.get(ID) as Talkgroup };
}

function makeTileDesk(change: Partial<TileDesk> = {}): TileDesk {
  return {
    staleS: null,
    prefs: { mutedOf: () => false },
    session: { position: '3' },
    ptt: { stateOf: () => 'idle' },
    sound: { player: { playing: null, talkgroup: null } },
    ...change,
  };
}

describe('a talkgroup', () => {
  it('receives from the start of a transmission to its end, and remembers who', () => {
    const { board, row } = makeBoard();
    board.take(started());
    expect(row.state).toMatchObject({ rx: 'receiving', alias: '3204', heard_last_hour: 1 });
    board.take(ended());
    expect(row.state).toMatchObject({ rx: 'quiet', transmission: null, last: { alias: '3204', ended_utc: T0 + 4_000_000 } });
  });

  it.each([
    [{ encrypted: true }, 'receiving_encrypted'],
    [{ encrypted: true, readable: false }, 'encrypted_unreadable'],
    [{ late_entry: true }, 'late_entry'],
  ])('shows %o as %s', (change, rx) => {
    const { board, row } = makeBoard();
    board.take(started(change));
    expect(row.state.rx).toBe(rx);
  });

  it('is not ended by the end of an older transmission', () => {
    const { board, row } = makeBoard();
    board.take(started({ transmission: 't-2' }));
    board.take(ended({ transmission: 't-1' }));
    expect(row.state.rx).toBe('receiving');
  });

  it('is offline when its last link is lost, and quiet again when one is back', () => {
    const { board, row } = makeBoard();
    board.take(event('link.changed', { link: 'norrvik-c', state: 'down', reason: 'cable out', model: '', firmware: '', signal_dbm: null, capabilities: [] }));
    expect(row.state).toMatchObject({ rx: 'offline', reason: 'cable out' });
    expect(board.links.get('norrvik-c')).toMatchObject({ model: 'MTM', state: 'down' });
    board.take(event('link.changed', { link: 'norrvik-c', state: 'up', reason: '', model: '', firmware: '', signal_dbm: -60, capabilities: [] }));
    expect(row.state.rx).toBe('quiet');
  });

  it('says at once that its radio is on another group', () => {
    const { board, row } = makeBoard();
    board.take(event('link.group_changed', { link: 'norrvik-c', number: 310202, talkgroup: 'norrvik/310202', scanned: [], asked: false }));
    expect(row.state.radio_on).toBe('GROUP 310202');
    expect(board.byId.get('norrvik/310202')?.state.radio_on).toBeNull();
    board.take(event('link.group_changed', { link: 'norrvik-c', number: 310202, talkgroup: 'norrvik/310202', scanned: [310201], asked: false }));
    expect(row.state.radio_on).toBeNull();
  });

  it('that the plan no longer has, or a grant no longer shows, is gone', () => {
    const { board } = makeBoard();
    board.load([makeTalkgroup(310202)], [makeLink()]);
    expect(board.byId.has(ID)).toBe(false);
  });
});

describe('a tile', () => {
  const row = (): Talkgroup => new Talkgroup(makeTalkgroup(310201));

  it('is quiet in receive while this desk itself transmits', () => {
    const { board, row: own } = makeBoard();
    board.take(started({ position: '3', operator: 'Sara Holm', talker: null }));
    expect(tileView(own, makeTileDesk()).rx).toBe('quiet');
    expect(tileView(own, makeTileDesk({ session: { position: '5' } })).rx).toBe('receiving');
  });

  it('says how long there was no news, above everything but offline', () => {
    const view = tileView(row(), makeTileDesk({ staleS: 7 }));
    expect(view.rx).toBe('stale');
    expect(view.badges[0]).toMatchObject({ word: 'No news 7 s', warn: true });
  });

  it('shows Muted as a badge, and receiving all the same', () => {
    const { board, row: live } = makeBoard();
    const desk = makeTileDesk({ prefs: { mutedOf: (id: string) => id === ID } });
    expect(tileView(live, desk).rx).toBe('muted');
    board.take(started());
    const view = tileView(live, desk);
    expect(view.rx).toBe('receiving');
    expect(view.badges.map((badge) => badge.word)).toContain('Muted');
  });

  it('marks a talkgroup whose emergencies cannot reach the desk', () => {
    const one = row();
    one.state.rx = 'offline';
    expect(tileView(one, makeTileDesk()).emg).toBe('lost');
    one.state.emergency_in = false;
    expect(tileView(one, makeTileDesk()).emg).toBe('none');
  });

  it('uses attention for a recording fault, and not for a rule of the plan', () => {
    const fault = row();
    fault.state.not_recorded = true;
    expect(tileView(fault, makeTileDesk()).badges).toMatchObject([{ word: 'NOT RECORDED', warn: true }]);
    const rule = new Talkgroup(makeTalkgroup(310201, { recorded: false }));
    expect(tileView(rule, makeTileDesk()).badges).toMatchObject([{ word: 'Recording off', warn: false }]);
  });
});

describe('the board', () => {
  it('keeps each talkgroup in the cell of its address', () => {
    const rows = [7, 2, 13].map((address) => new Talkgroup(makeTalkgroup(310200 + address)));
    const board = cells(rows, 6, 5);
    expect(board).toHaveLength(30);
    expect([1, 6, 12].map((cell) => board[cell]?.info.address)).toEqual([2, 7, 13]);
    expect(board[0]).toBeNull();
  });

  it('gives a cell after the last address to those without one, and to a doubled one', () => {
    const rows = [
      new Talkgroup(makeTalkgroup(310201)),
      new Talkgroup(makeTalkgroup(310301)),
      new Talkgroup(makeTalkgroup(310205, { address: null })),
    ];
    const board = cells(rows, 6, 1);
    expect(board.slice(0, 3).map((row) => row?.info.number)).toEqual([310201, 310205, 310301]);
  });
});

describe('alarms', () => {
  it('are raised, shown, acknowledged with their way to the radio, and ended', () => {
    const alarms = new Alarms();
    alarms.take(event('alarm.raised', makeAlarm()));
    expect(alarms.raised).toHaveLength(1);
    alarms.take(event('alarm.shown', { alarm: 'a-1', position: '3' }));
    expect(alarms.list[0]?.state).toBe('shown');
    alarms.take(event('alarm.acknowledged', { alarm: 'a-1', operator: 'Sara Holm', way: 'sent', reason: '' }));
    expect(alarms.acknowledged[0]).toMatchObject({ acknowledged_by: 'Sara Holm', way: 'sent' });
    alarms.take(event('alarm.ended', { alarm: 'a-1', operator: 'Sara Holm', reason: 'handled' }));
    expect(alarms.list).toEqual([]);
  });

  it('are raised anew by a new sign after acknowledgement', () => {
    const alarms = new Alarms();
    alarms.take(event('alarm.raised', makeAlarm()));
    alarms.take(event('alarm.acknowledged', { alarm: 'a-1', operator: 'S', way: 'sent', reason: '' }));
    alarms.take(event('alarm.raised', makeAlarm({ again: true }), T0 + 9_000_000));
    expect(alarms.raised[0]).toMatchObject({ alarm: 'a-1', again: true, t_ack_utc: null, t_raised_utc: T0 + 9_000_000 });
    expect(alarms.list).toHaveLength(1);
  });

  it('keep their banner when the link dies', () => {
    const alarms = new Alarms();
    alarms.take(event('alarm.raised', makeAlarm()));
    alarms.take(event('alarm.link_changed', { alarm: 'a-1', lost: true, last_heard_utc: T0 }));
    expect(alarms.raised[0]).toMatchObject({ link_lost: true, last_heard_utc: T0 });
  });

  it('give a tile the unacknowledged one first', () => {
    const alarms = new Alarms();
    alarms.take(event('alarm.raised', makeAlarm()));
    alarms.take(event('alarm.acknowledged', { alarm: 'a-1', operator: 'S', way: 'sent', reason: '' }));
    alarms.take(event('alarm.raised', makeAlarm({ alarm: 'a-2', unit: 'norrvik/2' })));
    expect(alarms.of(ID)?.alarm).toBe('a-2');
  });
});

describe('activity', () => {
  it('marks an over that was mostly inaudible as unheard until it is played', () => {
    const activity = new Activity();
    activity.take(started(), '3');
    activity.heardFor('t-1', 500, true);
    activity.heardFor('t-1', 1000, false);
    activity.take(ended(), '3');
    expect(activity.unheard.has('t-1')).toBe(true);
    activity.played('t-1');
    expect(activity.unheard.size).toBe(0);
  });

  it('keeps what is unheard through a reload, as long as it is in the list', () => {
    const before = new Activity();
    before.take(started(), '3');
    before.heardFor('t-1', 1000, false);
    before.take(ended(), '3');
    const after = new Activity();
    expect(after.unheard.has('t-1')).toBe(true);
    after.load([]);
    expect(after.unheard.size).toBe(0);
    expect(new Activity().unheard.size).toBe(0);
  });

  it('does not mark an over that was mostly audible, or the own one', () => {
    const activity = new Activity();
    activity.take(started(), '3');
    activity.heardFor('t-1', 1000, true);
    activity.take(ended(), '3');
    activity.take(started({ transmission: 't-2', position: '3' }), '3');
    activity.heardFor('t-2', 1000, false);
    activity.take(ended({ transmission: 't-2' }), '3');
    expect(activity.unheard.size).toBe(0);
  });

  it('offers play only once a recording is closed, and never for a refused press', () => {
    const activity = new Activity();
    activity.take(started(), '3');
    activity.take(ended(), '3');
    expect(activity.find('t-1')?.has_sound).toBe(false);
    activity.take(event('recording.closed', { transmission: 't-1' }), '3');
    expect(activity.find('t-1')?.has_sound).toBe(true);
    activity.take(event('floor.refused', { request: 'r-1', position: '3', talkgroup: ID, reason: 'Position 5 is talking', not_sent: false, discarded_ms: 900 }), '3');
    expect(activity.list[0]).toMatchObject({ id: 'r-1', has_sound: false, refused: 'Position 5 is talking', cause: 'refused' });
    expect(activity.last?.id).toBe('t-1');
  });

  it('marks the transmission when an emergency begins in mid-call', () => {
    const activity = new Activity();
    activity.take(started(), '3');
    activity.take(event('transmission.updated', { transmission: 't-1', call: 'c-1', talkgroup: ID, talker: null, alias: '', emergency: true }), '3');
    expect(activity.find('t-1')).toMatchObject({ emergency: true, alias: '3204' });
  });
});

describe('messages and units', () => {
  it('count what nobody read, and follow the delivery of what was sent', () => {
    const messages = new Messages();
    messages.take(event('message.received', { message: 'm-1', link: 'l', sender: 'norrvik/2', to: null, talkgroup: null, text: 'Hello' }));
    messages.take(event('message.queued', { message: 'm-2', link: 'l', to: 'norrvik/2', talkgroup: null, text: 'Yes', operator: 'Sara' }));
    expect(messages.unread).toBe(1);
    messages.take(event('message.progressed', { message: 'm-2', state: 'failed', reason: 'unit not reachable' }));
    expect(messages.list[0]).toMatchObject({ id: 'm-2', incoming: false, state: 'failed' });
    for (const state of ['accepted', 'delivered', 'sent', 'unknown'])
      messages.take(event('message.progressed', { message: 'm-2', state, reason: '' }));
    expect(messages.list[0]?.state).toBe('delivered');
    expect(messages.list[0]?.claims.read).toBeNull();
    expect(Object.values(messages.list[0]?.claims ?? {}).filter(Boolean)).toHaveLength(3);
    messages.take(event('message.opened', { message: 'm-1', operator: 'Sara' }));
    expect(messages.unread).toBe(0);
  });

  it('put emergencies and requests to talk first', () => {
    const units = new Units();
    units.load([makeUnit(1), makeUnit(2), makeUnit(3)]);
    units.take(event('unit.status_set', { unit: 'norrvik/2', value: 5, digit: '5', words: 'Wants to talk', kind: 'request' }));
    units.take(event('unit.status_set', { unit: 'norrvik/3', value: 0, digit: '0', words: 'Emergency', kind: 'emergency' }));
    expect(units.find('').map((unit) => unit.number)).toEqual([3, 2, 1]);
    expect(byUrgency(makeUnit(1), makeUnit(2))).toBeLessThan(0);
  });

  it('learn units that the plan does not name', () => {
    const units = new Units();
    units.take(event('unit.positioned', { unit: 'norrvik/99', latitude_deg: 59, longitude_deg: 18, error_m: 20, age_s: 4 }));
    expect(units.name('norrvik/99')).toBe('99');
  });
});
