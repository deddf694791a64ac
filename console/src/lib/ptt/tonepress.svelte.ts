/**
 * One test tone on a link: the engine makes it, the page only renews it like any press, so that a
 * page that hangs, is hidden or is closed lets go of the radio. Several of them are a `ToneSeries`,
 * one's own voice is a `TestTalk`.
 */

import type { TxState } from '../api/types';
import { requestId, type FromWorker, type ServerState } from './protocol';
import { testWorker, type TestParts } from './testsocket';

export const ENDED: ReadonlySet<TxState> = new Set(['idle', 'denied', 'fault', 'preempted']);
export const MAX_SECONDS = 10;

export class TonePress {
  state: TxState = $state('idle');
  words = $state('');
  open = $state(false);
  onAirMs = $state(0);
  /** Whether a test was made with this dialog. */
  tried = $state(false);
  #request = $state('');
  /** Told each state of its press. */
  told: (state: ServerState) => void = () => {};
  /** Told when a press is over: how, and in which words. */
  over: (state: TxState, words: string) => void = () => {};
  readonly #parts: TestParts;

  constructor(url: string, make: (tell: (message: FromWorker) => void) => TestParts = testWorker) {
    this.#parts = make((message) => this.take(message));
    this.#parts.send({ op: 'open', url });
  }

  get busy(): boolean {
    return this.#request !== '';
  }

  /** Key for a time that the gate knows beforehand; nothing happens while one runs. */
  press(talkgroup: string, limitMs: number): void {
    if (this.busy || !this.open) return;
    this.#request = requestId();
    this.state = 'requesting';
    this.words = 'Requesting';
    this.tried = true;
    const test = { confirmed: true, sound: 'tone', limit_ms: Math.min(MAX_SECONDS * 1000, limitMs) } as const;
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
        this.told(message);
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
    this.over(state, words);
  }
}
