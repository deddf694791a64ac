import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PttLink } from '../src/lib/ptt/link';
import { RENEW_MS, type FromWorker } from '../src/lib/ptt/protocol';

/** The far end of a socket that the test holds in its hands. */
class Wire {
  readyState: number = WebSocket.CONNECTING;
  sent: { op: string; request?: string }[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { op: string });
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
  up(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }
}

function makeLink() {
  const told: FromWorker[] = [];
  const wires: Wire[] = [];
  const link = new PttLink(
    (message) => void told.push(message),
    () => {
      const wire = new Wire();
      wires.push(wire);
      return wire as unknown as WebSocket;
    },
  );
  link.take({ op: 'open', url: 'ws://desk/ptt' });
  wires[0]?.up();
  return { link, told, wires };
}

const PRESS = { op: 'press', request: 'r-1', talkgroup: 'n/1', source: 'key', priority: 0 } as const;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the press in the worker', () => {
  it('asks the page each 100 ms and renews only when the page answers', () => {
    const { link, told, wires } = makeLink();
    link.take({ ...PRESS, latched: false });
    vi.advanceTimersByTime(3 * RENEW_MS);
    expect(told.filter((message) => message.op === 'tick')).toHaveLength(3);
    expect(wires[0]?.sent.map((message) => message.op)).toEqual(['press']);
    link.take({ op: 'alive', request: 'r-1' });
    expect(wires[0]?.sent.map((message) => message.op)).toEqual(['press', 'renew']);
  });

  it('renews by itself when latched', () => {
    const { link, wires } = makeLink();
    link.take({ ...PRESS, latched: true });
    vi.advanceTimersByTime(3 * RENEW_MS);
    expect(wires[0]?.sent.map((message) => message.op)).toEqual(['press', 'renew', 'renew', 'renew']);
  });

  it('stops ticking at release and at abort', () => {
    const { link, told } = makeLink();
    link.take({ ...PRESS, latched: false });
    link.take({ op: 'release', request: 'r-1' });
    vi.advanceTimersByTime(5 * RENEW_MS);
    expect(told.filter((message) => message.op === 'tick')).toEqual([]);
  });

  it('tells that a press could not be sent', () => {
    const { link, told, wires } = makeLink();
    wires[0]?.close();
    link.take({ ...PRESS, latched: false });
    expect(told.at(-1)).toEqual({ op: 'unsent', request: 'r-1' });
  });

  it('tells that the socket went, forgets the press and opens another socket', () => {
    const { link, told, wires } = makeLink();
    link.take({ ...PRESS, latched: false });
    wires[0]?.close();
    expect(told.at(-1)).toEqual({ op: 'socket', open: false });
    vi.advanceTimersByTime(1_000);
    expect(wires).toHaveLength(2);
    wires[1]?.up();
    link.take({ op: 'alive', request: 'r-1' });
    expect(wires[1]?.sent).toEqual([]);
  });
});
