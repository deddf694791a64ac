import { describe, expect, it, vi } from 'vitest';
import type { FromWorker, ServerState, ToWorker } from '../src/lib/ptt/protocol';
import { TestTalk, type TalkDesk } from '../src/lib/ptt/testtalk.svelte';
import { figureRows } from '../src/lib/ptt/words';

function made(mic = 'ready', media = 'connected') {
  const sent: ToWorker[] = [];
  let tell: (message: FromWorker) => void = () => {};
  const mics: boolean[] = [];
  const lost = vi.fn();
  const microphone = { state: mic, onLost: lost as () => void, enable: (on: boolean) => void mics.push(on), open: vi.fn() };
  const desk = {
    sound: { mic: microphone, media, session: 'rtc-7', mixer: { resume: () => Promise.resolve() }, cue: () => {}, cutCues: () => {} },
    prefs: { speaker: true },
    ptt: { hot: false },
    micOpen: false,
    placeSound: vi.fn(),
  };
  const talk = new TestTalk('hamnen', desk as unknown as TalkDesk, (given) => {
    tell = given;
    return { send: (message) => sent.push(message), close: () => {} };
  });
  tell({ op: 'socket', open: true });
  const say = (state: ServerState['state'], more: Partial<ServerState> = {}): void =>
    tell({ op: 'state', request: talk.ptt.current?.request ?? '', talkgroup: 'n/9', state, words: '', place: null, on_air_ms: null, transmission: null, ...more });
  return { talk, desk, sent, mics, say, tell, lost, microphone };
}

describe('the own microphone in a test transmission', () => {
  it('is pressed as at the desk, confirmed, by the session whose microphone it is', () => {
    const { talk, desk, sent, mics, say } = made();
    talk.limitS = 4;
    talk.press('n/9', 'button');
    expect(sent.at(-1)).toMatchObject({ op: 'press', talkgroup: 'n/9', test: { confirmed: true, sound: 'microphone', rtc: 'rtc-7', limit_ms: 4_000 } });
    expect([mics.at(-1), desk.micOpen, desk.placeSound.mock.calls.length]).toEqual([true, true, 1]);
    say('on_air', { grant_ms: 120 });
    talk.ptt.release();
    expect(sent.at(-1)).toMatchObject({ op: 'release' });
    say('ending');
    say('idle', { grant_ms: 120, first_ms: 141, on_air_ms: 2_040, unkey_ms: 62 });
    expect(talk.ptt.current).toBe(null);
    expect(talk.figures && figureRows(talk.figures).map((one) => one.value)).toEqual(['120 ms', '141 ms', '2.0 s', '62 ms']);
  });

  it('ends with the microphone, the socket and the dialog', () => {
    const { talk, sent, say, tell, lost, microphone } = made();
    talk.press('n/9', 'button');
    say('on_air');
    microphone.onLost();
    expect(sent.at(-1)).toMatchObject({ op: 'abort', cause: 'mic_lost' });
    expect(lost).toHaveBeenCalledOnce();
    expect(talk.ptt.current?.words).toBe('Not sent: microphone lost');
    talk.press('n/9', 'button');
    say('on_air');
    tell({ op: 'socket', open: false });
    expect(talk.ptt.current?.state).toBe('fault');
    tell({ op: 'socket', open: true });
    talk.ptt.release();
    talk.press('n/9', 'button');
    talk.close();
    expect(sent.slice(-2)).toMatchObject([{ op: 'abort', cause: 'view_left' }, { op: 'close' }]);
    expect(microphone.onLost).toBe(lost);
  });

  it('sends nothing while something stands against it, and says what', () => {
    const { talk, sent } = made();
    talk.reason = 'call on this link';
    talk.press('n/9', 'button');
    expect(sent.some((one) => one.op === 'press')).toBe(false);
    expect(talk.ptt.current?.words).toBe('Not sent: call on this link');
    expect(made('blocked').talk.hindrance).toBe('microphone blocked');
    expect(made('none').microphone.open).toHaveBeenCalledOnce();
    expect(made('ready', 'failed').talk.hindrance).toBe('no path for sound to the server');
  });

  it('keeps the words of a refusal, without figures', () => {
    const { talk, say } = made();
    talk.press('n/9', 'button');
    say('denied', { words: 'Refused: alarm on this link' });
    expect([talk.ended, talk.figures]).toEqual(['Refused: alarm on this link', null]);
    expect(figureRows({ grantMs: 80, firstMs: null, onAirMs: 0, unkeyMs: null }).map((one) => one.value)).toEqual(['80 ms', '-', '0.0 s', '-']);
  });
});
