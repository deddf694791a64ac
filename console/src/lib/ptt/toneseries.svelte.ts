/** Test tones on a link, one after the other, each a `TonePress` that the gate is asked for anew. */

import type { FromWorker, ServerState } from './protocol';
import { testUrl, testWorker, type TestParts } from './testsocket';
import { TonePress } from './tonepress.svelte';

const OPEN_MS = 5_000;
const LOOK_MS = 50;
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class ToneSeries {
  #tone: TonePress | null = null;
  #stopped = false;

  constructor(
    private readonly link: string,
    private readonly told: (state: ServerState, press: number) => void,
    private readonly make: (tell: (message: FromWorker) => void) => TestParts = testWorker,
  ) {}

  /** Run them all; returns why it ended early, empty when all were granted. */
  async run(wish: ToneWish): Promise<string> {
    const tone = (this.#tone = new TonePress(testUrl(this.link), this.make));
    try {
      if (!(await this.#open(tone))) return this.#stopped ? 'Stopped' : 'No test transmission here now';
      for (let press = 1; press <= wish.presses && !this.#stopped; press += 1) {
        if (press > 1) await this.#wait(wish);
        if (this.#stopped) break;
        const why = await this.#press(tone, wish, press);
        if (why) return this.#stopped ? 'Stopped' : why;
      }
      return this.#stopped ? 'Stopped' : '';
    } finally {
      tone.close();
      this.#tone = null;
    }
  }

  /** Un-key now and press no more. */
  stop(): void {
    this.#stopped = true;
    this.#tone?.end('view_left');
  }

  async #open(tone: TonePress): Promise<boolean> {
    const until = Date.now() + OPEN_MS;
    while (!tone.open && !this.#stopped && Date.now() < until) await pause(LOOK_MS);
    return tone.open && !this.#stopped;
  }

  /** Wait until the call of the tone before is over, at most `READY_MS`. */
  async #wait(wish: ToneWish): Promise<void> {
    const until = Date.now() + READY_MS;
    do await pause(wish.pauseMs);
    while (!this.#stopped && Date.now() < until && !(await wish.ready().catch(() => false)));
  }

  /** Key once; returns why it was not granted or cut off, empty when it went well. */
  #press(tone: TonePress, wish: ToneWish, press: number): Promise<string> {
    return new Promise((resolve) => {
      let granted = false;
      const longest = setTimeout(() => {
        tone.end('view_left');
        resolve('The server did not say how it ended');
      }, LONGEST_MS);
      tone.told = (state) => {
        granted ||= state.state === 'on_air';
        this.told(state, press);
      };
      tone.over = (state, words) => {
        clearTimeout(longest);
        resolve(granted && state === 'idle' ? '' : words || 'Not granted');
      };
      tone.press(wish.talkgroup, wish.limitMs);
      if (!tone.busy) {
        clearTimeout(longest);
        resolve('No connection to the server');
      }
    });
  }
}
