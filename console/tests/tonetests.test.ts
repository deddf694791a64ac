import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ToneTests } from '../src/lib/ptt/tonetests';

class Server {
  readonly sent: Record<string, unknown>[] = [];
  readyState: number = WebSocket.OPEN;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(private readonly answers: string[][]) {
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    this.sent.push(message);
    if (message['op'] !== 'press') return;
    const states = this.answers.shift() ?? [];
    states.forEach((state, at) => setTimeout(() => this.say(String(message['request']), state), 50 * (at + 1)));
  }
  say(request: string, state: string): void {
    this.onmessage?.({ data: JSON.stringify({ op: 'state', request, state, words: state === 'denied' ? 'Refused: call on this link' : '' }) });
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
}

const wish = { talkgroup: 'net/999', presses: 2, limitMs: 600, pauseMs: 300, ready: () => Promise.resolve(true) };
const run = (answers: string[][]) => {
  const server = new Server(answers);
  const seen: string[] = [];
  const tests = new ToneTests('north', (state, press) => seen.push(`${press} ${state.state}`), () => server as unknown as WebSocket);
  return { server, seen, tests };
};

describe('test tones', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are confirmed, renewed while they run, and come one after the other', async () => {
    const { server, seen, tests } = run([['requesting', 'on_air', 'ending', 'idle'], ['requesting', 'on_air', 'idle']]);
    const done = tests.run(wish);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await done).toBe('');
    const presses = server.sent.filter((one) => one['op'] === 'press');
    expect(presses).toHaveLength(2);
    expect(presses[0]).toMatchObject({ talkgroup: 'net/999', confirmed: true, sound: 'tone', limit_ms: 600 });
    expect(server.sent.filter((one) => one['op'] === 'renew').length).toBeGreaterThanOrEqual(2);
    expect(seen.at(-1)).toBe('2 idle');
  });
  it('stop at the first that is refused, with its words', async () => {
    const { server, tests } = run([['denied']]);
    const done = tests.run(wish);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await done).toBe('Refused: call on this link');
    expect(server.sent.filter((one) => one['op'] === 'press')).toHaveLength(1);
  });
  it('are un-keyed when the page is hidden', async () => {
    const { server, tests } = run([['requesting', 'on_air']]);
    const done = tests.run(wish);
    await vi.advanceTimersByTimeAsync(200);
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(100);
    expect(await done).toBe('Stopped');
    expect(server.readyState).toBe(WebSocket.CLOSED);
    const renewed = server.sent.length;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.sent.length).toBe(renewed);
  });
});
