/**
 * The press on the wire, as it runs inside the Worker: a socket of its own, and a tick each
 * 100 ms that passes through the page's main thread, so that a hung page loses its lease.
 */

import { RENEW_MS, type FromWorker, type Press, type ServerState, type ToWorker } from './protocol';

const RETRY_MS = [200, 500, 1_000, 2_000];

export class PttLink {
  #url = '';
  #socket: WebSocket | null = null;
  #press: Press | null = null;
  #ticks: ReturnType<typeof setInterval> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;

  constructor(
    private readonly tell: (message: FromWorker) => void,
    private readonly open: (url: string) => WebSocket = (url) => new WebSocket(url),
  ) {}

  take(message: ToWorker): void {
    switch (message.op) {
      case 'open':
        this.#url = message.url;
        this.#connect();
        break;
      case 'close':
        this.#close();
        break;
      case 'press':
        this.#start(message);
        break;
      case 'alive':
        if (message.request === this.#press?.request) this.#send({ op: 'renew', request: message.request });
        break;
      case 'release':
        this.#end(message.request, { op: 'release', request: message.request });
        break;
      case 'abort':
        this.#end(message.request, message);
        break;
    }
  }

  #connect(): void {
    clearTimeout(this.#retry);
    if (!this.#url) return;
    const socket = this.open(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#tries = 0;
      this.tell({ op: 'socket', open: true });
    };
    socket.onmessage = (message) => {
      const state = JSON.parse(String(message.data)) as ServerState;
      if (state.op === 'state') this.tell(state);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#stop();
      this.tell({ op: 'socket', open: false });
      if (!this.#url) return;
      const wait = RETRY_MS[Math.min(this.#tries, RETRY_MS.length - 1)] ?? 1_000;
      this.#tries += 1;
      this.#retry = setTimeout(() => this.#connect(), wait);
    };
  }

  #close(): void {
    this.#url = '';
    clearTimeout(this.#retry);
    this.#stop();
    this.#socket?.close();
    this.#socket = null;
  }

  #start(press: Press): void {
    this.#stop();
    const { request, talkgroup, source, priority, latched, test } = press;
    if (!this.#send({ op: 'press', request, talkgroup, source, priority, latched, ...test })) {
      this.tell({ op: 'unsent', request });
      return;
    }
    this.#press = { request, talkgroup, source, priority, latched };
    this.#ticks = setInterval(() => {
      if (latched) this.#send({ op: 'renew', request });
      else this.tell({ op: 'tick', request });
    }, RENEW_MS);
  }

  #end(request: string, message: object): void {
    this.#send(message);
    if (this.#press?.request === request) this.#stop();
  }

  #stop(): void {
    clearInterval(this.#ticks);
    this.#press = null;
  }

  #send(message: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }
}
