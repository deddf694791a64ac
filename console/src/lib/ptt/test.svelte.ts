/**
 * One test transmission of a link: a socket of its own in a worker of its own, renewed like any
 * press, so that a page that hangs, is hidden or is closed lets go of the radio.
 */

import type { TxState } from '../api/types';
import { requestId, type FromWorker, type ToWorker } from './protocol';

const ENDED: ReadonlySet<TxState> = new Set(['idle', 'denied', 'fault', 'preempted']);
export const MAX_SECONDS = 10;

export interface TestParts {
  send(message: ToWorker): void;
  close(): void;
}

export class LinkTest {
  state: TxState = $state('idle');
  words = $state('');
  open = $state(false);
  onAirMs = $state(0);
  /** Whether a test was made with this dialog. */
  tried = $state(false);
  #request = $state('');
  readonly #parts: TestParts;

  constructor(url: string, make: (tell: (message: FromWorker) => void) => TestParts = worker) {
    this.#parts = make((message) => this.take(message));
    this.#parts.send({ op: 'open', url });
  }

  get busy(): boolean {
    return this.#request !== '';
  }

  press(talkgroup: string, seconds: number): void {
    if (this.busy || !this.open) return;
    this.#request = requestId();
    this.state = 'requesting';
    this.words = 'Requesting';
    this.tried = true;
    const test = { confirmed: true, sound: 'tone', limit_ms: Math.min(MAX_SECONDS, seconds) * 1000 } as const;
    this.#parts.send({ op: 'press', request: this.#request, talkgroup, source: 'button', priority: 0, latched: false, test });
  }

  /** End it before its time: the transmitter is un-keyed at once. */
  end(cause = ''): void {
    if (!this.busy) return;
    const request = this.#request;
    this.#parts.send(cause ? { op: 'abort', request, cause } : { op: 'release', request });
  }

  take(message: FromWorker): void {
    switch (message.op) {
      case 'tick':
        // A page that is not shown cannot be looked at: what it keys has to end.
        if (message.request !== this.#request) return;
        if (document.hidden) this.end('hidden');
        else this.#parts.send({ op: 'alive', request: message.request });
        break;
      case 'socket':
        this.open = message.open;
        if (!message.open && this.busy) this.#over('fault', 'Connection to the server lost: un-keyed');
        break;
      case 'unsent':
        if (message.request === this.#request) this.#over('fault', 'Not sent: no connection to the server');
        break;
      case 'state':
        if (message.request !== this.#request) return;
        this.onAirMs = message.on_air_ms ?? 0;
        if (ENDED.has(message.state)) this.#over(message.state, message.words);
        else [this.state, this.words] = [message.state, message.words];
        break;
    }
  }

  close(): void {
    this.end('view_left');
    this.#parts.send({ op: 'close' });
    this.#parts.close();
  }

  #over(state: TxState, words: string): void {
    this.#request = '';
    this.state = state;
    this.words = words || `Over: ${(this.onAirMs / 1000).toFixed(1)} s on air`;
  }
}

function worker(tell: (message: FromWorker) => void): TestParts {
  const made = new Worker(new URL('./ptt.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = (message: MessageEvent<FromWorker>) => tell(message.data);
  return {
    send: (message) => made.postMessage(message),
    close: () => setTimeout(() => made.terminate(), 500), // its last words still have to leave
  };
}
