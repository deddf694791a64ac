/**
 * Test tones by a link, one after the other, on the socket of test transmissions. The page renews
 * each while it runs: a page that is hidden, hangs or goes away un-keys at once.
 */

import { path } from '../api/client';
import { RENEW_MS, requestId, type ServerState } from './protocol';

const RUNNING = new Set(['requesting', 'queued', 'on_air', 'ending']);
const OPEN_MS = 5_000;
const READY_MS = 20_000;
/** Longer than any test may be: then the server has not said how it ended. */
const LONGEST_MS = 15_000;

export interface ToneWish {
  talkgroup: string;
  presses: number;
  limitMs: number;
  pauseMs: number;
  /** Whether the gate would let a test through now; the call of the last tone may still hang. */
  ready: () => Promise<boolean>;
}

type Open = (url: string) => WebSocket;

export const testUrl = (link: string): string =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1${path`/links/${link}/test`}`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class ToneTests {
  #socket: WebSocket | null = null;
  #stopped = false;

  constructor(
    private readonly link: string,
    private readonly told: (state: ServerState, press: number) => void,
    private readonly open: Open = (url) => new WebSocket(url),
  ) {}

  /** Run them all; returns why it ended early, empty when all were granted. */
  async run(wish: ToneWish): Promise<string> {
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') this.stop();
    };
    document.addEventListener('visibilitychange', hidden);
    try {
      const socket = (this.#socket = await this.#connect());
      for (let press = 1; press <= wish.presses && !this.#stopped; press += 1) {
        if (press > 1) await this.#wait(wish);
        if (this.#stopped) break;
        const why = await this.#press(socket, wish, press);
        if (why) return why;
      }
      return this.#stopped ? 'Stopped' : '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      document.removeEventListener('visibilitychange', hidden);
      this.#socket?.close();
      this.#socket = null;
    }
  }

  /** Un-key now and press no more. */
  stop(): void {
    this.#stopped = true;
    this.#socket?.close();
  }

  /** Wait until the call of the tone before is over, at most `READY_MS`. */
  async #wait(wish: ToneWish): Promise<void> {
    const until = Date.now() + READY_MS;
    do await pause(wish.pauseMs);
    while (!this.#stopped && Date.now() < until && !(await wish.ready().catch(() => false)));
  }

  #connect(): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const socket = this.open(testUrl(this.link));
      const timer = setTimeout(() => reject(new Error('The server does not answer')), OPEN_MS);
      socket.onopen = () => {
        clearTimeout(timer);
        resolve(socket);
      };
      socket.onerror = socket.onclose = () => {
        clearTimeout(timer);
        reject(new Error('No test transmission here now'));
      };
    });
  }

  #press(socket: WebSocket, wish: ToneWish, press: number): Promise<string> {
    const request = requestId();
    const say = (message: object): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ request, ...message }));
    };
    return new Promise((resolve) => {
      let granted = false;
      const renewing = setInterval(() => say({ op: 'renew' }), RENEW_MS);
      const longest = setTimeout(() => end('The server did not say how it ended'), LONGEST_MS);
      const end = (why: string): void => {
        clearInterval(renewing);
        clearTimeout(longest);
        resolve(why);
      };
      socket.onclose = socket.onerror = () => end(this.#stopped ? 'Stopped' : 'The connection was lost: un-keyed');
      socket.onmessage = (event) => {
        const state = JSON.parse(String(event.data)) as ServerState;
        if (state.op !== 'state' || state.request !== request) return;
        this.told(state, press);
        if (state.state === 'on_air') granted = true;
        if (!RUNNING.has(state.state)) end(granted && state.state !== 'preempted' ? '' : state.words || 'Not granted');
      };
      say({ op: 'press', talkgroup: wish.talkgroup, confirmed: true, sound: 'tone', limit_ms: wish.limitMs });
    });
  }
}
