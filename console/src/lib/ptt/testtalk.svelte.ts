/**
 * One's own voice in a test transmission of a link: the desk's press and its microphone, over the
 * socket of tests, so that the gate is asked for each press and everything that ends a press of a
 * desk ends this one.
 */

import { MIC_HINDRANCE } from '../audio/mic.svelte';
import type { Desk } from '../state/desk.svelte';
import type { FromWorker, ServerState, ToWorker } from './protocol';
import { Ptt, type PressSource } from './ptt.svelte';
import { testUrl, testWorker, type TestParts } from './testsocket';
import { ENDED } from './tonepress.svelte';

/** What became of the last press: ms from the press, but for the last two. */
export interface PressFigures {
  grantMs: number | null;
  firstMs: number | null;
  onAirMs: number;
  unkeyMs: number | null;
}

/** What of the desk it uses. */
export type TalkDesk = Pick<Desk, 'sound' | 'prefs' | 'placeSound' | 'micOpen' | 'ptt'>;

export class TestTalk {
  readonly ptt: Ptt;
  figures: PressFigures | null = $state(null);
  /** How the last press ended, in words of the server; empty after a plain release. */
  ended = $state('');
  limitS = $state(10);
  /** Why not now, as the page knows it from the gate; the gate is asked again at the press. */
  reason = $state('');
  readonly #parts: TestParts;
  readonly #lost: () => void;

  constructor(
    link: string,
    private readonly desk: TalkDesk,
    make: (tell: (message: FromWorker) => void) => TestParts = testWorker,
  ) {
    this.#parts = make((message) => this.take(message));
    this.ptt = new Ptt({
      send: (message) => this.#send(message),
      microphone: (on) => this.#microphone(on),
      cue: (cue) => desk.sound.cue(cue),
      cutCues: () => desk.sound.cutCues(),
      hindrance: () => this.hindrance,
      limitS: () => this.limitS,
    });
    this.#parts.send({ op: 'open', url: testUrl(link) });
    this.#lost = desk.sound.mic.onLost;
    desk.sound.mic.onLost = () => {
      this.#lost();
      this.ptt.abort('mic_lost', 'Not sent: microphone lost');
    };
    if (desk.sound.mic.state !== 'ready') void desk.sound.mic.open();
  }

  /** Why nothing can be said here now, in words; empty when it can. */
  get hindrance(): string {
    const sound = this.desk.sound;
    if (this.desk.ptt.hot) return 'your desk is transmitting';
    return this.reason || MIC_HINDRANCE[sound.mic.state] || (sound.media === 'connected' ? '' : 'no path for sound to the server');
  }

  press(talkgroup: string | null, source: PressSource): void {
    void this.desk.sound.mixer.resume();
    if (!talkgroup) return;
    if (!this.ptt.current || this.ptt.current.released) [this.figures, this.ended] = [null, ''];
    this.ptt.press(talkgroup, source);
  }

  take(message: FromWorker): void {
    if (message.op === 'state' && message.request === this.ptt.current?.request && ENDED.has(message.state)) {
      this.ended = message.words;
      this.figures = figuresOf(message);
    }
    this.ptt.take(message);
  }

  /** Whoever talks stops: the dialog goes, or the page. */
  close(): void {
    this.ptt.abort('view_left');
    this.desk.sound.mic.onLost = this.#lost;
    this.#parts.send({ op: 'close' });
    this.#parts.close();
  }

  #send(message: ToWorker): void {
    if (message.op !== 'press') {
      this.#parts.send(message);
      return;
    }
    const rtc = this.desk.sound.session;
    const test = { confirmed: true, sound: 'microphone', rtc, limit_ms: this.limitS * 1000 } as const;
    this.#parts.send({ ...message, test });
  }

  /** As at the desk: loudspeakers go down before the microphone opens. */
  #microphone(on: boolean): void {
    this.desk.sound.mic.enable(on);
    if (this.desk.micOpen === on) return;
    this.desk.micOpen = on;
    if (this.desk.prefs.speaker) this.desk.placeSound();
  }
}

function figuresOf(state: ServerState): PressFigures | null {
  if (state.grant_ms === undefined || state.grant_ms === null) return null;
  return {
    grantMs: state.grant_ms,
    firstMs: state.first_ms ?? null,
    onAirMs: state.on_air_ms ?? 0,
    unkeyMs: state.unkey_ms ?? null,
  };
}
