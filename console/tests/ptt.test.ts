import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LATCH_LIMIT_S, MIC_TAIL_MS, PAD_LEAST_MS, Ptt, WORDS_LEAST_MS } from '../src/lib/ptt/ptt.svelte';
import { requestId, type ServerState, type ToWorker } from '../src/lib/ptt/protocol';
import { pressWords, releaseWords } from '../src/lib/ptt/words';
import type { TxState } from '../src/lib/api/types';

const TALKGROUP = 'norrvik/310201';

/** A desk of plain records: what was sent, whether the microphone is open, which cues sounded. */
function makeDesk(hindrance = '') {
  const sent: ToWorker[] = [];
  const cues: string[] = [];
  const desk = { sent, cues, open: false, cut: 0, ptt: null as unknown as Ptt };
  desk.ptt = new Ptt({
    send: (message) => void sent.push(message),
    microphone: (on) => (desk.open = on),
    cue: (cue) => void cues.push(cue),
    cutCues: () => (desk.cut += 1),
    hindrance: () => hindrance,
    limitS: () => 60,
  });
  desk.ptt.take({ op: 'socket', open: true });
  return desk;
}

function answer(ptt: Ptt, state: TxState, words = ''): void {
  const message: ServerState = {
    op: 'state',
    request: ptt.current?.request ?? '',
    talkgroup: TALKGROUP,
    state,
    words,
    place: null,
    on_air_ms: null,
    transmission: null,
  };
  ptt.take(message);
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a press', () => {
  it('is shown and sent at once, with the microphone open into the press buffer', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    expect(desk.ptt.state).toBe('requesting');
    expect(desk.open).toBe(true);
    expect(desk.sent).toMatchObject([{ op: 'press', talkgroup: TALKGROUP, source: 'key', latched: false }]);
    expect(desk.cut).toBe(1);
  });

  it('sounds talk permit once, at the grant', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'on_air', 'ON AIR');
    answer(desk.ptt, 'on_air', 'ON AIR');
    expect(desk.ptt.state).toBe('on_air');
    expect(desk.cues).toEqual(['permit']);
  });

  it('renews only while it is held: the tick of a released press gets no answer', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    const request = desk.ptt.current?.request ?? '';
    desk.ptt.take({ op: 'tick', request });
    expect(desk.sent.at(-1)).toEqual({ op: 'alive', request });
    desk.ptt.release();
    const count = desk.sent.length;
    desk.ptt.take({ op: 'tick', request });
    expect(desk.sent).toHaveLength(count);
  });

  it('keeps the microphone 100 ms after a normal release, then shows Ending until idle', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'on_air');
    desk.ptt.release();
    expect(desk.sent.at(-1)).toMatchObject({ op: 'release' });
    expect(desk.ptt.state).toBe('ending');
    expect(desk.open).toBe(true);
    vi.advanceTimersByTime(MIC_TAIL_MS);
    expect(desk.open).toBe(false);
    answer(desk.ptt, 'idle');
    expect(desk.ptt.current).toBeNull();
  });

  it('ignores a second press while the first is held', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    desk.ptt.press('norrvik/310202', 'button');
    expect(desk.sent.filter((message) => message.op === 'press')).toHaveLength(1);
    expect(desk.ptt.current?.talkgroup).toBe(TALKGROUP);
  });

  it.each(['blur', 'hidden', 'pagehide', 'pointer_lost'])('is aborted at once by %s', (cause) => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'on_air');
    desk.ptt.abort(cause);
    expect(desk.open).toBe(false);
    expect(desk.sent.at(-1)).toMatchObject({ op: 'abort', cause });
    expect(desk.ptt.current).toBeNull();
  });

  it('of a pad under 150 ms sends nothing', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'pad');
    expect(desk.ptt.state).toBe('requesting');
    vi.advanceTimersByTime(PAD_LEAST_MS - 1);
    desk.ptt.release();
    vi.advanceTimersByTime(1_000);
    expect(desk.sent).toEqual([]);
    expect(desk.open).toBe(false);
    expect(desk.ptt.current).toBeNull();
  });

  it('of a pad held longer is sent', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'pad');
    vi.advanceTimersByTime(PAD_LEAST_MS);
    expect(desk.sent).toMatchObject([{ op: 'press', source: 'pad' }]);
  });

  it('that is hindered keys nothing and says why', () => {
    const desk = makeDesk('link lost');
    desk.ptt.press(TALKGROUP, 'key');
    expect(desk.sent).toEqual([]);
    expect(desk.open).toBe(false);
    expect(desk.ptt.current).toMatchObject({ state: 'fault', words: 'Not sent: link lost' });
  });

  it.each([
    ['denied', 'Refused: Position 5 is talking', 'refused'],
    ['fault', 'Not sent: radio is on TRAFIK', 'refused'],
    ['preempted', 'Pre-empted by 3100', 'preempted'],
  ] as const)('that is %s opens no audio path and keeps its words 2 s', (state, words, cue) => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, state, words);
    expect(desk.open).toBe(false);
    expect(desk.cues[0]).toBe(cue);
    expect(desk.ptt.current).toMatchObject({ state, words });
    desk.ptt.release();
    expect(desk.ptt.current).not.toBeNull();
    vi.advanceTimersByTime(WORDS_LEAST_MS);
    expect(desk.ptt.current).toBeNull();
  });

  it('under which the socket dies is cut off, with the time it had on air', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'on_air');
    vi.advanceTimersByTime(7_000);
    desk.ptt.take({ op: 'socket', open: false });
    expect(desk.open).toBe(false);
    expect(desk.ptt.current).toMatchObject({ state: 'fault', words: 'Cut off after 7 s: connection lost' });
  });

  it('ticks in the last ten seconds before the limit', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'on_air');
    vi.advanceTimersByTime(49_000);
    expect(desk.cues).toEqual(['permit']);
    vi.advanceTimersByTime(10_000);
    expect(desk.cues.filter((cue) => cue === 'tick').length).toBeGreaterThanOrEqual(9);
  });

  it('takes no answer of another press', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    desk.ptt.take({
      op: 'state', request: 'r-other', talkgroup: TALKGROUP, state: 'on_air', words: '', place: null, on_air_ms: 0, transmission: null,
    });
    expect(desk.ptt.state).toBe('requesting');
  });
});

describe('a refusal', () => {
  it('buzzes on while it is held, and stops with the release', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key');
    answer(desk.ptt, 'denied', 'Refused');
    vi.advanceTimersByTime(4_000);
    const buzzes = desk.cues.filter((cue) => cue === 'refused').length;
    expect(buzzes).toBeGreaterThanOrEqual(4);
    desk.ptt.release();
    vi.advanceTimersByTime(4_000);
    expect(desk.cues.filter((cue) => cue === 'refused')).toHaveLength(buzzes);
  });
});

describe('a latched press', () => {
  function makeLatched() {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key', true);
    desk.ptt.release();
    answer(desk.ptt, 'on_air');
    return desk;
  }

  it('is sent as such and goes on after the key is let go, blur and hide', () => {
    const desk = makeLatched();
    desk.ptt.abort('blur');
    desk.ptt.abort('hidden');
    expect(desk.sent).toMatchObject([{ op: 'press', latched: true }]);
    expect(desk.ptt.state).toBe('on_air');
    expect(desk.open).toBe(true);
  });

  it('is ended by any next press, which starts nothing of its own', () => {
    const desk = makeLatched();
    desk.ptt.press('norrvik/310202', 'button');
    desk.ptt.release();
    expect(desk.sent.map((message) => message.op)).toEqual(['press', 'release']);
    expect(desk.ptt.current).toMatchObject({ state: 'ending', talkgroup: TALKGROUP, latched: false });
    vi.advanceTimersByTime(MIC_TAIL_MS);
    expect(desk.open).toBe(false);
  });

  it.each(['pagehide', 'mic_lost', 'signed_out'])('is aborted by %s', (cause) => {
    const desk = makeLatched();
    desk.ptt.abort(cause);
    expect(desk.sent.at(-1)).toMatchObject({ op: 'abort', cause });
    expect(desk.open).toBe(false);
  });

  it('reminds after 20 s each 10 s, ticks before its limit, and ends there in words', () => {
    const desk = makeLatched();
    vi.advanceTimersByTime(49_000);
    expect(desk.cues.filter((cue) => cue !== 'permit')).toEqual(['latched', 'latched', 'latched']);
    vi.advanceTimersByTime((LATCH_LIMIT_S - 49) * 1_000 + 500);
    expect(desk.cues.filter((cue) => cue === 'tick')).toHaveLength(10);
    expect(desk.sent.at(-1)).toMatchObject({ op: 'release' });
    expect(desk.ptt.current).toMatchObject({ state: 'fault', words: 'Cut off after 60 s: limit of the latch' });
    answer(desk.ptt, 'idle');
    expect(desk.ptt.current).not.toBeNull();
    vi.advanceTimersByTime(WORDS_LEAST_MS);
    expect(desk.ptt.current).toBeNull();
    expect(desk.open).toBe(false);
  });

  it('that is refused lets go by itself: the next press is a new one', () => {
    const desk = makeDesk();
    desk.ptt.press(TALKGROUP, 'key', true);
    answer(desk.ptt, 'denied', 'Refused: Position 5 is talking');
    desk.ptt.press(TALKGROUP, 'key');
    expect(desk.sent.filter((message) => message.op === 'press')).toHaveLength(2);
  });
});

describe('the words under a press', () => {
  const onAir = { state: 'on_air', latched: false, limitS: 60, onAirAt: 0 } as const;

  it('say that an emergency waits for the microphone, before all else', () => {
    const alarm = { exercise: false, alias: '3204', unit: 'norrvik/1210204' };
    expect(pressWords(onAir, alarm, 55_000)).toBe('EMERGENCY 3204: release');
    expect(releaseWords({ exercise: true, alias: '', unit: 'norrvik/1210204' })).toBe('EXERCISE 1210204: release');
  });

  it('count the last ten seconds, and all of a latch', () => {
    expect(pressWords(onAir, undefined, 1_000)).toBe('release to end');
    expect(pressWords(onAir, undefined, 52_500)).toBe('limit in 8 s');
    expect(pressWords({ ...onAir, latched: true }, undefined, 18_000)).toBe('latched, 42 s left: press to end');
    expect(pressWords({ ...onAir, state: 'requesting', onAirAt: null }, undefined, 0)).toBe('');
  });
});

describe('a request id', () => {
  it('is r- and a lower-case ULID that sorts by time', () => {
    const zero = new Uint8Array(10);
    const first = requestId(1_700_000_000_000, zero);
    expect(first).toMatch(/^r-[0-9a-hjkmnp-tv-z]{26}$/);
    expect(requestId(1_700_000_000_001, zero) > first).toBe(true);
  });
});
