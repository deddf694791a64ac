import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FromWorker, ServerState, ToWorker } from '../src/lib/ptt/protocol';
import { ToneSeries } from '../src/lib/ptt/toneseries.svelte';

const TICK_MS = 100;

/** The worker and the server behind it: ticks while a press lives, states as they are given. */
class Server {
  readonly sent: ToWorker[] = [];
  #ticks: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly tell: (message: FromWorker) => void,
    private readonly answers: string[][],
  ) {}
  send(message: ToWorker): void {
    this.sent.push(message);
    if (message.op === 'open') queueMicrotask(() => this.tell({ op: 'socket', open: true }));
    if (message.op === 'abort' || message.op === 'release') this.#say(message.request, 'fault');
    if (message.op !== 'press') return;
    const { request } = message;
    this.#ticks = setInterval(() => this.tell({ op: 'tick', request }), TICK_MS);
    (this.answers.shift() ?? []).forEach((state, at) => setTimeout(() => this.#say(request, state), 50 * (at + 1)));
  }
  #say(request: string, state: string): void {
    if (!['requesting', 'on_air', 'ending'].includes(state)) clearInterval(this.#ticks);
    const words = { denied: 'Refused: call on this link', fault: 'Cut off' }[state] ?? '';
    this.tell({ op: 'state', request, state, words, talkgroup: '', place: null, on_air_ms: 0, transmission: null } as ServerState);
  }
}

const wish = { talkgroup: 'net/999', presses: 2, limitMs: 600, pauseMs: 300, ready: () => Promise.resolve(true) };
const run = (answers: string[][]) => {
  const seen: string[] = [];
  const made: { server?: Server } = {};
  const series = new ToneSeries('north', (state, press) => seen.push(`${press} ${state.state}`), (tell) => {
    const server = (made.server = new Server(tell, answers));
    return { send: (message) => server.send(message), close: () => {} };
  });
  const done = series.run(wish);
  return { sent: made.server?.sent ?? [], seen, series, done };
};
const of = (sent: ToWorker[], op: string): ToWorker[] => sent.filter((one) => one.op === op);

describe('a series of test tones', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('is confirmed each time, renewed while one runs, and one comes after the other', async () => {
    const { sent, seen, done } = run([['requesting', 'on_air', 'ending', 'idle'], ['requesting', 'on_air', 'idle']]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await done).toBe('');
    expect(of(sent, 'press')).toHaveLength(2);
    expect(of(sent, 'press')[0]).toMatchObject({ talkgroup: 'net/999', test: { confirmed: true, sound: 'tone', limit_ms: 600 } });
    expect(of(sent, 'alive').length).toBeGreaterThanOrEqual(2);
    expect(seen.at(-1)).toBe('2 idle');
    expect(sent.at(-1)).toEqual({ op: 'close' });
  });
  it('stops at the first that is refused, with its words', async () => {
    const { sent, done } = run([['denied']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('Refused: call on this link');
    expect(of(sent, 'press')).toHaveLength(1);
  });
  it('is cut off with its words when something takes the radio', async () => {
    const { sent, done } = run([['requesting', 'on_air', 'fault']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('Cut off');
    expect(of(sent, 'press')).toHaveLength(1);
  });
  it('un-keys when the page is hidden, and presses no more', async () => {
    const { sent, done } = run([['requesting', 'on_air']]);
    await vi.advanceTimersByTimeAsync(150);
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('Cut off');
    expect(of(sent, 'abort')).toEqual([expect.objectContaining({ cause: 'hidden' })]);
    expect(of(sent, 'press')).toHaveLength(1);
  });
  it('stops when one says so', async () => {
    const { sent, series, done } = run([['requesting', 'on_air']]);
    await vi.advanceTimersByTimeAsync(150);
    series.stop();
    await vi.advanceTimersByTimeAsync(100);
    expect(await done).toBe('Stopped');
    expect(of(sent, 'abort')).toHaveLength(1);
  });
});
