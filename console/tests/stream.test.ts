import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream, type StreamHandlers } from '../src/lib/stream/stream.svelte';
import type { Envelope, Snapshot } from '../src/lib/api/types';
import { event } from './samples';

class Wire {
  readyState: number = WebSocket.OPEN;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(code = 1006): void {
    this.onclose?.({ code });
  }
}

const SNAPSHOT = { kind: 'snapshot', seq: 10, data: {} as Snapshot };

function makeStream(more: Partial<StreamHandlers> = {}) {
  const wires: Wire[] = [];
  const seen: string[] = [];
  const stream = new EventStream(
    () => 'ws://desk/stream',
    {
      snapshot: (_, seq) => void seen.push(`snapshot ${seq}`),
      event: (envelope: Envelope) => void seen.push(envelope.type),
      report: () => ({ shown: [] }),
      refused: () => void seen.push('refused'),
      ...more,
    },
    () => {
      const wire = new Wire();
      wires.push(wire);
      return wire as unknown as WebSocket;
    },
  );
  stream.start();
  wires[0]?.onopen?.();
  return { stream, wires, seen };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('the event stream', () => {
  it('begins without a number, then resumes where it was', () => {
    const { stream, wires } = makeStream();
    expect(wires[0]?.sent[0]).toEqual({ resume: null });
    wires[0]?.say(SNAPSHOT);
    wires[0]?.say({ ...event('call.started', {}), seq: 11 });
    wires[0]?.drop();
    expect(stream.connected).toBe(false);
    vi.advanceTimersByTime(300);
    wires[1]?.onopen?.();
    expect(wires[1]?.sent[0]).toEqual({ resume: 11 });
    stream.stop();
  });

  it('forgets its number at a gap, so that it gets a whole snapshot', () => {
    const { stream, wires, seen } = makeStream();
    wires[0]?.say(SNAPSHOT);
    wires[0]?.say({ kind: 'gap' });
    expect(stream.seq).toBeNull();
    wires[0]?.say({ ...SNAPSHOT, seq: 90 });
    expect(seen).toEqual(['snapshot 10', 'snapshot 90']);
    stream.stop();
  });

  it('takes long tables in parts, and what happened meanwhile after them', () => {
    const { stream, wires, seen } = makeStream();
    wires[0]?.say(SNAPSHOT);
    const data = { talkgroups: [], units: [] } as unknown as Snapshot;
    wires[0]?.say({ kind: 'snapshot', seq: 20, more: true, data });
    wires[0]?.say({ kind: 'rows', more: true, data: { units: [{ id: 'net/1' }] } });
    wires[0]?.say({ ...event('call.started', {}), seq: 21 });
    wires[0]?.say({ ...event('alarm.raised', {}), seq: 22 });
    expect(seen).toEqual(['snapshot 10', 'alarm.raised']); // no emergency waits
    expect(stream.seq).toBe(10);
    wires[0]?.say({ kind: 'rows', more: false, data: {} });
    expect(seen.slice(2)).toEqual(['snapshot 20', 'call.started', 'alarm.raised']);
    expect(stream.seq).toBe(22);
    stream.stop();
  });

  it('tells of the head of a long snapshot before its rows, and not of a short one', () => {
    const heads: unknown[] = [];
    const { stream, wires } = makeStream({ head: (head) => heads.push(head) });
    wires[0]?.say(SNAPSHOT);
    expect(heads).toEqual([]);
    const data = { talkgroups: [], units: [], planned_units: true } as unknown as Snapshot;
    wires[0]?.say({ kind: 'snapshot', seq: 20, more: true, data });
    expect(heads).toEqual([data]);
    expect(stream.seq).toBe(10);
    stream.stop();
  });

  it('begins anew when a newer snapshot comes before the last part of one', () => {
    const { stream, wires, seen } = makeStream();
    const data = { talkgroups: [], units: [] } as unknown as Snapshot;
    wires[0]?.say({ kind: 'snapshot', seq: 20, more: true, data });
    wires[0]?.say({ ...event('call.started', {}), seq: 21 });
    wires[0]?.say({ ...SNAPSHOT, seq: 30 });
    expect(seen).toEqual(['snapshot 30']);
    stream.stop();
  });

  it('reports the sound and the alarms shown each 2 s', () => {
    const { stream, wires } = makeStream();
    wires[0]?.say(SNAPSHOT);
    const before = wires[0]?.sent.length ?? 0;
    vi.advanceTimersByTime(4_000);
    expect(wires[0]?.sent.slice(before)).toEqual([
      { kind: 'report', shown: [] },
      { kind: 'report', shown: [] },
    ]);
    stream.stop();
  });

  it('gives up a socket that was silently swallowed, and opens another', () => {
    const { stream, wires } = makeStream();
    wires[0]?.say(SNAPSHOT);
    vi.advanceTimersByTime(12_000);
    expect(stream.lostSince).not.toBeNull();
    expect(wires.length).toBeGreaterThan(1);
    stream.stop();
  });

  it('does not come back after the session was refused', () => {
    const { stream, wires, seen } = makeStream();
    wires[0]?.drop(4401);
    vi.advanceTimersByTime(10_000);
    expect(seen).toEqual(['refused']);
    expect(wires).toHaveLength(1);
    stream.stop();
  });

  it('knows the offset of its clock from the beats', () => {
    const { stream, wires } = makeStream();
    wires[0]?.say({ kind: 'beat', seq: 1, t_utc: (Date.now() + 1_500) * 1000 });
    expect(stream.offsetMs).toBe(1_500);
    stream.stop();
  });
});
