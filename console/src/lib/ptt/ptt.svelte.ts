/**
 * Push-to-talk at this desk: one press at a time, from the key or pointer to the words on screen.
 *
 * The word Requesting does not wait for the network. Only release ends a press well; blur, hidden
 * page, lost microphone and lost socket abort it. A refusal stays until release, 2 s at least.
 * A latched press outlives release, blur and hide; the next press of any kind ends it.
 */

import type { TxState } from '../api/types';
import type { Cue } from '../audio/cues';
import { requestId, type FromWorker, type ServerState, type ToWorker } from './protocol';

export const MIC_TAIL_MS = 100;
export const PAD_LEAST_MS = 150;
export const WORDS_LEAST_MS = 2_000;
export const LATCH_LIMIT_S = 60;
const BUZZ_MS = 1_200;
const WARN_S = 10;
const REMIND_AFTER_S = 20;
const REMIND_EACH_S = 10;

/** `call`: the open microphone of a duplex call; `emergency`: an emergency call of the desk. */
export type PressSource = 'key' | 'button' | 'pad' | 'instant' | 'call' | 'emergency';

export interface CurrentPress {
  request: string;
  talkgroup: string;
  source: PressSource;
  state: TxState;
  words: string;
  place: number | null;
  /** performance clock, ms */
  pressedAt: number;
  onAirAt: number | null;
  released: boolean;
  /** Goes on without a finger on it. */
  latched: boolean;
  transmission: string | null;
  /** On air, but nothing comes from the microphone. */
  unheard: boolean;
  limitS: number;
  /** 3 is an emergency call. */
  priority: number;
}

export interface PttParts {
  send(message: ToWorker): void;
  microphone(on: boolean): void;
  cue(cue: Cue): void;
  cutCues(): void;
  /** Why nothing may be pressed, in words; empty when it may. */
  hindrance(talkgroup: string): string;
  limitS(talkgroup: string): number;
  /** The server refused a press until its operator confirms something. */
  asked?(what: { mix: string }): void;
}

const ENDED: ReadonlySet<TxState> = new Set(['denied', 'fault', 'preempted']);
/** What a latched press outlives. */
const OUTLIVED: ReadonlySet<string> = new Set(['blur', 'hidden', 'focus_lost']);
/** What the microphone of a call outlives too: no finger is on anything. */
const CALL_OUTLIVES: ReadonlySet<string> = new Set([...OUTLIVED, 'pointer_cancelled', 'pointer_lost', 'button_gone']);
const EMERGENCY_PRIORITY = 3;

export class Ptt {
  current: CurrentPress | null = $state(null);
  socketOpen = $state(false);
  #padTimer: ReturnType<typeof setTimeout> | undefined;
  #clearTimer: ReturnType<typeof setTimeout> | undefined;
  #micTimer: ReturnType<typeof setTimeout> | undefined;
  #buzz: ReturnType<typeof setInterval> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #endedAt = 0;
  #sent = false;

  constructor(private readonly parts: PttParts) {}

  get state(): TxState {
    return this.current?.state ?? 'idle';
  }

  /** A microphone is open to the server, or about to be. */
  get hot(): boolean {
    return ['requesting', 'queued', 'on_air'].includes(this.state);
  }

  stateOf(talkgroup: string): TxState {
    return this.current?.talkgroup === talkgroup ? this.current.state : 'idle';
  }

  /** The key went down. Only the first one counts, until it is let go; it ends a latched press. */
  press(talkgroup: string, source: PressSource, latched = false, request = requestId()): void {
    if (this.endLatch() || (this.current && !this.current.released)) return;
    this.#forget();
    this.parts.cutCues();
    this.current = {
      request,
      talkgroup,
      source,
      state: 'requesting',
      words: '',
      place: null,
      pressedAt: performance.now(),
      onAirAt: null,
      released: false,
      latched,
      transmission: null,
      unheard: false,
      limitS:
        source === 'call'
          ? Infinity
          : Math.min(latched ? LATCH_LIMIT_S : Infinity, this.parts.limitS(talkgroup)),
      priority: source === 'emergency' ? EMERGENCY_PRIORITY : 0,
    };
    const why = this.parts.hindrance(talkgroup) || (this.socketOpen ? '' : 'no connection to the server');
    if (why) {
      this.#finish('fault', `Not sent: ${why}`);
      return;
    }
    this.#sent = false;
    if (source === 'pad') this.#padTimer = setTimeout(() => this.#send(), PAD_LEAST_MS);
    else this.#send();
  }

  #send(): void {
    const press = this.current;
    if (!press) return;
    clearTimeout(this.#micTimer);
    this.#sent = true;
    this.parts.microphone(true);
    const { request, talkgroup, source, latched, priority } = press;
    this.parts.send({ op: 'press', request, talkgroup, source, priority, latched });
  }

  /** The microphone is open in a duplex call: it is closed by ending the call. */
  get inCall(): boolean {
    return this.current?.source === 'call' && !this.current.released;
  }

  /** End a latched press as its release would; false when there is none. */
  endLatch(): boolean {
    if (!this.current?.latched || this.current.released || this.inCall) return false;
    this.current.latched = false;
    this.release();
    return true;
  }

  /** The key was let go, wherever the focus is. */
  release(): void {
    const press = this.current;
    if (!press || press.released || press.latched) return;
    press.released = true;
    clearTimeout(this.#padTimer);
    this.#hush();
    if (ENDED.has(press.state)) {
      this.#clearAfter();
      return;
    }
    if (!this.#sent) {
      this.current = null; // a touch of a pad under 150 ms sends nothing
      return;
    }
    this.parts.send({ op: 'release', request: press.request });
    this.#micTimer = setTimeout(() => this.parts.microphone(false), MIC_TAIL_MS);
    if (press.state === 'on_air') press.state = 'ending';
    this.#clearTimer = setTimeout(() => this.#gone(press.request), 6_000);
  }

  /** Anything abnormal: what is buffered is dropped and the radio un-keyed at once. */
  abort(cause: string, words = ''): void {
    const press = this.current;
    if (!press || press.released) return;
    if (press.latched && OUTLIVED.has(cause)) return;
    if (this.inCall && CALL_OUTLIVES.has(cause)) return;
    clearTimeout(this.#padTimer);
    this.parts.microphone(false);
    if (!ENDED.has(press.state) && this.#sent) {
      this.parts.send({ op: 'abort', request: press.request, cause });
    }
    press.released = true;
    this.#hush();
    if (words) this.#finish('fault', words);
    else if (ENDED.has(press.state)) this.#clearAfter();
    else this.current = null;
  }

  take(message: FromWorker): void {
    switch (message.op) {
      case 'tick': {
        const press = this.current;
        if (press?.request === message.request && !press.released) {
          this.parts.send({ op: 'alive', request: message.request });
        }
        break;
      }
      case 'socket':
        this.socketOpen = message.open;
        if (!message.open) this.#socketLost();
        break;
      case 'unsent':
        if (this.current?.request === message.request) {
          this.#finish('fault', 'Not sent: no connection to the server');
        }
        break;
      case 'state':
        this.#server(message);
        break;
    }
  }

  #socketLost(): void {
    const press = this.current;
    if (!press || ENDED.has(press.state) || !this.#sent) return;
    this.parts.microphone(false);
    if (press.released) {
      this.current = null;
      return;
    }
    const seconds = this.#onAirS(press);
    this.#finish(
      'fault',
      seconds === null ? 'Not sent: connection lost' : `Cut off after ${seconds} s: connection lost`,
    );
  }

  #onAirS(press: CurrentPress): number | null {
    return press.onAirAt === null ? null : Math.round((performance.now() - press.onAirAt) / 1000);
  }

  #server(message: ServerState): void {
    const press = this.current;
    if (press?.request !== message.request) return;
    if (ENDED.has(press.state)) return; // our own words stand
    press.words = message.words;
    press.place = message.place;
    press.transmission = message.transmission ?? press.transmission;
    if (message.unheard === true && !press.unheard) this.parts.cue('refused');
    press.unheard = message.unheard ?? press.unheard;
    switch (message.state) {
      case 'idle':
        this.#gone(press.request);
        break;
      case 'denied':
      case 'fault':
      case 'preempted':
        this.#finish(message.state, message.words);
        if (message.ask) this.parts.asked?.(message.ask);
        break;
      case 'on_air':
        if (press.onAirAt === null) {
          press.onAirAt = performance.now() - (message.on_air_ms ?? 0);
          if (!press.released) this.parts.cue('permit');
          this.#watchLimit(press);
        }
        press.state = press.released ? 'ending' : 'on_air';
        break;
      default:
        press.state = message.state;
    }
  }

  /** Each second on air: ten ticks before the limit, and the reminder of a latched press. */
  #watchLimit(press: CurrentPress): void {
    clearInterval(this.#ticker);
    const { request } = press;
    this.#ticker = setInterval(() => {
      const now = this.current;
      if (now?.request !== request) {
        clearInterval(this.#ticker);
        return;
      }
      if (now.state !== 'on_air') return;
      const onAirS = this.#onAirS(now) ?? 0;
      const left = now.limitS - onAirS;
      if (now.latched && left <= 0) this.#latchOver(onAirS);
      else if (left <= WARN_S && left > 0) this.parts.cue('tick');
      else if (now.latched && !this.inCall && onAirS >= REMIND_AFTER_S && onAirS % REMIND_EACH_S === 0) {
        this.parts.cue('latched');
      }
    }, 1_000);
  }

  /** The latch has a limit of its own; what was said is still sent. */
  #latchOver(onAirS: number): void {
    this.endLatch();
    this.#finish('fault', `Cut off after ${onAirS} s: limit of the latch`);
  }

  #finish(state: 'denied' | 'fault' | 'preempted', words: string): void {
    const press = this.current;
    if (!press) return;
    this.parts.microphone(false);
    clearInterval(this.#ticker);
    clearTimeout(this.#clearTimer);
    press.released ||= press.latched; // nobody holds it
    press.state = state;
    press.words = words;
    this.#endedAt = performance.now();
    this.parts.cue(state === 'preempted' ? 'preempted' : 'refused');
    if (press.released) {
      this.#clearAfter();
      return;
    }
    if (state !== 'preempted') this.#buzz = setInterval(() => this.parts.cue('refused'), BUZZ_MS);
  }

  #clearAfter(): void {
    const request = this.current?.request ?? '';
    const left = WORDS_LEAST_MS - (performance.now() - this.#endedAt);
    clearTimeout(this.#clearTimer);
    this.#clearTimer = setTimeout(() => this.#gone(request), Math.max(0, left));
  }

  #gone(request: string): void {
    if (this.current?.request !== request) return;
    if (!this.current.released) {
      this.parts.microphone(false);
      this.#hush();
    }
    clearInterval(this.#ticker);
    this.current = null;
  }

  #hush(): void {
    clearInterval(this.#buzz);
  }

  #forget(): void {
    clearTimeout(this.#padTimer);
    clearTimeout(this.#clearTimer);
    clearTimeout(this.#micTimer);
    clearInterval(this.#ticker);
    this.#hush();
    this.current = null;
  }
}
