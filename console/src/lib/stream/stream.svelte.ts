/**
 * One ordered event stream: resumes where it was, refetches a snapshot on a gap, and knows how
 * long it has heard nothing. A watchdog closes a socket that was silently swallowed.
 */

import type { Envelope, Snapshot } from '../api/types';

export interface StreamHandlers {
  /** A snapshot begins whose long tables are still on their way. */
  head?(data: Snapshot): void;
  snapshot(data: Snapshot, seq: number): void;
  event(envelope: Envelope): void;
  /** What the next report says; called each 2 s. */
  report(): Record<string, unknown>;
  /** The server refused the session. */
  refused(): void;
}

export const STALE_MS = 5_000;
const DEAD_MS = 8_000;
const REPORT_MS = 2_000;
/** Beats of which the one that came soonest tells the offset of the clocks. */
const OFFSETS = 10;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000];
const REFUSED_CODES = new Set([4401, 4403, 1008]);

export class EventStream {
  connected = $state(false);
  /** Milliseconds (performance clock) of the last word from the server. */
  lastHeard = $state(0);
  lostSince = $state<number | null>(null);
  /** Server clock minus ours, ms: the least delayed of the last beats. */
  offsetMs = $state(0);
  #offsets: number[] = [];
  seq: number | null = null;
  /** A snapshot whose long tables are still on their way, and what happened meanwhile. */
  #coming: { seq: number; data: Snapshot; events: Envelope[] } | null = null;

  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #tries = 0;
  #running = false;

  constructor(
    private readonly url: () => string,
    private readonly handlers: StreamHandlers,
    private readonly open: (url: string) => WebSocket = (url) => new WebSocket(url),
  ) {}

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
    this.#beat = setInterval(() => this.#tick(), REPORT_MS);
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    this.#socket?.close();
    this.#socket = null;
    this.connected = false;
    this.seq = null;
    this.lostSince = null;
  }

  /** Ask for a whole new snapshot. */
  refresh(): void {
    this.seq = null;
    this.#socket?.close();
  }

  /** Send the listening report now, not only at the next tick. */
  report(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ kind: 'report', ...this.handlers.report() }));
  }

  #connect(): void {
    const socket = this.open(this.url());
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ resume: this.seq }));
    socket.onmessage = (message) => this.#take(socket, String(message.data));
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  #take(socket: WebSocket, text: string): void {
    if (socket !== this.#socket) return;
    this.lastHeard = performance.now();
    this.lostSince = null;
    this.#tries = 0;
    if (!this.connected) this.connected = true;
    const message = JSON.parse(text) as
      | { kind: 'snapshot'; seq: number; more?: boolean; data: Snapshot }
      | { kind: 'rows'; more: boolean; data: Partial<Pick<Snapshot, 'talkgroups' | 'units'>> }
      | Envelope
      | { kind: 'gap' }
      | { kind: 'beat'; seq: number; t_utc: number };
    switch (message.kind) {
      case 'snapshot':
        this.#coming = { seq: message.seq, data: message.data, events: [] };
        if (message.more) this.handlers.head?.(message.data);
        else this.#whole();
        break;
      case 'rows':
        this.#coming?.data.talkgroups.push(...(message.data.talkgroups ?? []));
        this.#coming?.data.units.push(...(message.data.units ?? []));
        if (!message.more) this.#whole();
        break;
      case 'event':
        this.#event(message);
        break;
      case 'gap':
        this.seq = null;
        this.#coming = null;
        break;
      case 'beat':
        this.#offsets = [...this.#offsets, message.t_utc / 1000 - Date.now()].slice(-OFFSETS);
        this.offsetMs = Math.round(Math.max(...this.#offsets));
        break;
    }
  }

  /** The last rows of a snapshot are here: show it, and what happened while they came. */
  #whole(): void {
    const coming = this.#coming;
    if (!coming) return;
    this.#coming = null;
    this.seq = coming.seq;
    this.handlers.snapshot(coming.data, coming.seq);
    this.report();
    for (const event of coming.events) this.#event(event);
  }

  #event(envelope: Envelope): void {
    if (this.#coming) {
      this.#coming.events.push(envelope);
      // no emergency waits for the rows of a long list
      if (this.seq !== null && envelope.type.startsWith('alarm.')) this.handlers.event(envelope);
      return;
    }
    this.seq = envelope.seq;
    this.handlers.event(envelope);
  }

  #lost(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#coming = null;
    this.connected = false;
    this.lostSince ??= performance.now();
    if (!this.#running) return;
    if (REFUSED_CODES.has(code)) {
      this.handlers.refused();
      return;
    }
    const wait = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 1_000;
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #tick(): void {
    this.report();
    const silent = performance.now() - this.lastHeard;
    if (this.connected && silent > DEAD_MS) {
      const socket = this.#socket;
      socket?.close();
      if (socket) this.#lost(socket, 1006); // close() of a dead peer may take minutes to say so
    }
  }
}
