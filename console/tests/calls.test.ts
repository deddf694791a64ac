import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PrivateCall } from '../src/lib/api/types';
import { byQueue, endWords, kindWords, logLines, partyWords, recordingWords, stateWords, talkWords } from '../src/lib/calls';
import { EmergencyHold, HOLD_MS } from '../src/lib/ptt/emergency';
import { Ptt } from '../src/lib/ptt/ptt.svelte';
import type { ToWorker } from '../src/lib/ptt/protocol';
import { pressWords } from '../src/lib/ptt/words';
import { PrivateCalls } from '../src/lib/state/calls.svelte';
import { event, T0 } from './samples';

const LINE = 'private/7';

function makeCall(change: Partial<PrivateCall> = {}): PrivateCall {
  return {
    call: 'c-1', line: LINE, link: 'north', kind: 'private', incoming: true, other: 'norrvik/3204',
    digits: '3204', alias: 'Car 3204', duplex: false, direct: false, emergency: false, queue_priority: 0,
    encrypted: false, recorded: true, why: '', protected: false, rings_at: ['1', '2'], position: null,
    operator: '', state: 'ringing', progress: '', talker: '', started_utc: T0, connected_utc: null,
    ended_utc: null, cause: '', called_back_by: '', ...change,
  };
}

function ringing(change: Record<string, unknown> = {}) {
  const { other, ...row } = makeCall();
  return event('individual.ringing', { ...row, caller: other, ...change });
}

describe('the words of a call', () => {
  it('say what is recorded before anybody answers', () => {
    expect(recordingWords(makeCall())).toBe('Recorded');
    expect(recordingWords(makeCall({ recorded: false, why: 'lawyer' }))).toBe('NOT RECORDED: lawyer');
    expect(recordingWords(makeCall({ recorded: false }))).toBe('NOT RECORDED');
  });

  it('say who calls, and do not when it is not to be shown', () => {
    expect(partyWords(makeCall())).toBe('Car 3204 (3204)');
    expect(partyWords(makeCall({ alias: '', digits: '0301234' }))).toBe('0301234');
    expect(partyWords(makeCall({ alias: 'Number not shown', digits: '' }))).toBe('Number not shown');
    expect(kindWords(makeCall({ kind: 'telephone', duplex: true }))).toBe('Telephone');
    expect(kindWords(makeCall({ duplex: true }))).toBe('Private, duplex');
  });

  it('say how long it waits, how far it came, and who talks', () => {
    const now = T0 / 1000 + 12_000;
    expect(stateWords(makeCall(), now)).toMatch(/^Waits .*12/);
    expect(stateWords(makeCall({ direct: true }), now)).toMatch(/^On the line/);
    expect(stateWords(makeCall({ state: 'dialling', progress: 'ringing' }), now)).toBe('Ringing there');
    expect(stateWords(makeCall({ state: 'dialling', progress: 'queued' }), now)).toBe('Queued');
    expect(stateWords(makeCall({ state: 'taken' }), now)).toBe('Connecting');
    expect(stateWords(makeCall({ state: 'connected', connected_utc: T0 }), now)).toMatch(/^Connected .*12/);
    expect(talkWords(makeCall({ talker: 'them' }))).toBe('Car 3204 talks');
    expect(talkWords(makeCall({ duplex: true }))).toBe('your microphone is open');
    const log = {
      kind: 'telephone', incoming: true, other: null, digits: '030123', alias: '', duplex: true, recorded: false,
      why: 'lawyer', position: '2', operator: 'Ann', waited_ms: 4000, talked_ms: 9000, outcome: 'talked', declined_at: '1,3',
    } as const;
    expect(Object.fromEntries(logLines(log))).toEqual({
      Caller: '030123', Kind: 'Telephone, duplex', 'Answered by': 'Position 2, Ann', Waited: '4 s', 'Ended as': 'Talked',
      'Declined at': 'Position 1, 3', Recording: 'NOT RECORDED: lawyer',
    });
    expect(endWords('Car 3204', 'not_reached', 'called party busy')).toBe('Not reached, Car 3204: called party busy');
  });
});

describe('the calls of a desk', () => {
  it('queue with the emergency first, then the rule, then who waits longest', () => {
    const late = makeCall({ call: 'late', started_utc: T0 + 9 });
    const early = makeCall({ call: 'early' });
    const first = makeCall({ call: 'first', queue_priority: 2, started_utc: T0 + 99 });
    const emergency = makeCall({ call: 'emergency', emergency: true, started_utc: T0 + 999 });
    const order = [late, early, first, emergency].sort(byQueue).map((row) => row.call);
    expect(order).toEqual(['emergency', 'first', 'early', 'late']);
  });

  it('ring only where they are for, and stop everywhere when one position takes it', () => {
    const calls = new PrivateCalls();
    calls.take(ringing(), '1');
    expect(calls.ringsAt('1')).toHaveLength(1);
    expect(calls.ringsAt('3')).toHaveLength(0);
    expect(calls.ringsAt(null)).toHaveLength(0);
    calls.take(event('individual.passed_on', { call: 'c-1', rings_at: ['1', '2', '3'] }), '1');
    expect(calls.ringsAt('3')).toHaveLength(1);
    calls.take(event('individual.answered', { call: 'c-1', position: '2', operator: 'O', waited_ms: 1 }), '1');
    expect(calls.ringsAt('1')).toHaveLength(0);
    expect(calls.of('2')?.call).toBe('c-1');
    expect(calls.name(LINE)).toBe('call with Car 3204');
    expect(calls.name('norrvik/1')).toBe('');
  });

  it('hold their radio only once they are taken, and a talkgroup only when it has no other radio', () => {
    const calls = new PrivateCalls();
    calls.take(ringing(), '1');
    expect(calls.holds(['north'])).toBe(false);
    calls.take(event('individual.answered', { call: 'c-1', position: '2', operator: 'O', waited_ms: 1 }), '1');
    expect(calls.holds(['north'])).toBe(true);
    expect(calls.holds(['north', 'south'])).toBe(false);
    expect(calls.holds([])).toBe(false);
  });

  it('stop ringing at the desk that declines', () => {
    const calls = new PrivateCalls();
    calls.take(ringing(), '1');
    calls.take(event('individual.declined', { call: 'c-1', position: '1', operator: 'O', rings_at: ['2'] }), '1');
    expect(calls.ringsAt('1')).toHaveLength(0);
    expect(calls.ringsAt('2')).toHaveLength(1);
  });

  it('tell their own desk how they ended, and no other', () => {
    const calls = new PrivateCalls();
    const end = event('individual.ended', { call: 'c-1', outcome: 'talked', cause: 'user request' });
    calls.take(ringing(), '1');
    calls.take(event('individual.answered', { call: 'c-1', position: '1', operator: 'O', waited_ms: 1 }), '1');
    expect(calls.take(end, '1')).toBe('Call ended, Car 3204: user request');
    expect(calls.list).toEqual([]);
    calls.take(ringing(), '1');
    expect(calls.take(end, '1')).toBe('');
  });

  it('are listed when missed, until somebody calls back', () => {
    const calls = new PrivateCalls();
    calls.take(ringing(), '1');
    calls.take(event('individual.missed', { call: 'c-1', waited_ms: 9, reason: 'gone' }), '1');
    calls.take(event('individual.ended', { call: 'c-1', outcome: 'missed', cause: 'gone' }), '1');
    expect(calls.missed).toMatchObject([{ state: 'missed', cause: 'gone' }]);
    expect(calls.open).toBe(1);
    const { other, ...row } = makeCall({ call: 'c-2', position: '1', operator: 'Ann' });
    calls.take(event('individual.dialled', { ...row, called: other }), '1');
    expect(calls.missed[0]?.called_back_by).toBe('Ann');
    expect(calls.open).toBe(0);
    expect(calls.of('1')).toMatchObject({ state: 'dialling', incoming: false });
  });
});

describe('the microphone of a duplex call', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function makeDesk() {
    const sent: ToWorker[] = [];
    const cues: string[] = [];
    const ptt = new Ptt({
      send: (message) => void sent.push(message),
      microphone: () => undefined,
      cue: (cue) => void cues.push(cue),
      cutCues: () => undefined,
      hindrance: () => '',
      limitS: () => 60,
    });
    ptt.take({ op: 'socket', open: true });
    return { ptt, sent, cues };
  }

  function onAir(ptt: Ptt, state: 'on_air' | 'idle' = 'on_air'): void {
    ptt.take({
      op: 'state', request: 'r-mic', talkgroup: LINE, state, words: '', place: null, on_air_ms: null,
      transmission: null,
    });
  }

  it('is a latched press with the id that the answer named', () => {
    const { ptt, sent } = makeDesk();
    ptt.press(LINE, 'call', true, 'r-mic');
    expect(sent).toMatchObject([{ op: 'press', request: 'r-mic', talkgroup: LINE, latched: true, priority: 0 }]);
    expect(ptt.inCall).toBe(true);
  });

  it('outlives blur, hide and fingers on other buttons, and ends with the page', () => {
    const { ptt, sent } = makeDesk();
    ptt.press(LINE, 'call', true, 'r-mic');
    onAir(ptt);
    for (const cause of ['blur', 'hidden', 'focus_lost', 'pointer_cancelled', 'button_gone']) ptt.abort(cause);
    ptt.release();
    expect(ptt.endLatch()).toBe(false);
    ptt.press('norrvik/310201', 'key');
    expect(ptt.current?.request).toBe('r-mic');
    expect(sent).toHaveLength(1);
    ptt.abort('pagehide');
    expect(sent.at(-1)).toMatchObject({ op: 'abort', request: 'r-mic', cause: 'pagehide' });
  });

  it('has no limit and no reminder, and is closed when the call ends', () => {
    const { ptt, cues } = makeDesk();
    ptt.press(LINE, 'call', true, 'r-mic');
    onAir(ptt);
    vi.advanceTimersByTime(180_000);
    expect(ptt.state).toBe('on_air');
    expect(cues).toEqual(['permit']);
    onAir(ptt, 'idle');
    expect(ptt.current).toBeNull();
    expect(ptt.inCall).toBe(false);
  });

  it('of an emergency call of the desk has the highest priority', () => {
    const { ptt, sent } = makeDesk();
    ptt.press('norrvik/310201', 'emergency');
    expect(sent).toMatchObject([{ op: 'press', priority: 3, latched: false }]);
  });
});

describe('the emergency call', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function makeGuard() {
    const acts: string[] = [];
    const guard = new EmergencyHold({
      start: () => acts.push('start'),
      release: () => acts.push('release'),
      abort: (cause) => acts.push(cause),
      progress: () => undefined,
    });
    return { acts, guard };
  }

  it('keys only after 2 s and talks until it is let go', () => {
    const { acts, guard } = makeGuard();
    guard.down();
    vi.advanceTimersByTime(HOLD_MS - 100);
    expect(acts).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(acts).toEqual(['start']);
    guard.up();
    expect(acts).toEqual(['start', 'release']);
  });

  it('is nothing when it is let go or lost before', () => {
    const { acts, guard } = makeGuard();
    guard.down();
    vi.advanceTimersByTime(1_000);
    guard.up();
    guard.down();
    vi.advanceTimersByTime(1_000);
    guard.lose('focus_lost');
    vi.advanceTimersByTime(5_000);
    expect(acts).toEqual([]);
  });

  it('is cut when the finger or the focus is lost on air', () => {
    const { acts, guard } = makeGuard();
    guard.down();
    vi.advanceTimersByTime(HOLD_MS + 100);
    guard.lose('pointer_lost');
    expect(acts).toEqual(['start', 'pointer_lost']);
  });
});

describe('the push-to-talk bar', () => {
  it('says how the microphone of a call is closed', () => {
    const press = { state: 'on_air', latched: true, limitS: Infinity, onAirAt: 0, source: 'call' } as const;
    expect(pressWords(press, undefined, 9_000)).toBe('End closes the microphone');
  });
});
