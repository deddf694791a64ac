/** What a desk does with private and telephone calls: answer, decline, dial, end, and their ringing. */

import { api } from '../api/client';
import type { CallAnswer, Envelope, PrivateCall } from '../api/types';
import { MIC_HINDRANCE } from '../audio/mic.svelte';
import type { Cue } from '../audio/cues';
import { requestId } from '../ptt/protocol';
import type { Ptt } from '../ptt/ptt.svelte';
import type { PrivateCalls } from './calls.svelte';
import type { Session } from './session.svelte';
import type { Sound } from './sound.svelte';

const RING_CYCLE_MS = 4_000;

export interface PhoneParts {
  calls: PrivateCalls;
  session: Session;
  sound: Sound;
  ptt: Ptt;
  say(words: string): void;
  attempt(what: string, task: () => Promise<unknown>): Promise<boolean>;
  /** A tone, unless our microphone is open. */
  alert(cue: Cue): void;
}

export class Phone {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly parts: PhoneParts) {}

  /** Take a call; a duplex one opens the microphone, and closing it ends the call. */
  async answer(call: PrivateCall): Promise<void> {
    if (call.duplex && !this.#micReady()) return;
    const microphone = call.duplex ? requestId() : '';
    await this.#begin('Not answered', microphone, () => api.answerCall(call.call, microphone));
  }

  async dial(whom: { kind: string; unit: string; digits: string; duplex: boolean }): Promise<boolean> {
    if (whom.duplex && !this.#micReady()) return false;
    const microphone = whom.duplex ? requestId() : '';
    return this.#begin('Not called', microphone, () => api.dial({ ...whom, microphone }));
  }

  async decline(call: PrivateCall): Promise<void> {
    await this.parts.attempt('Not declined', () => api.declineCall(call.call));
  }

  async end(call: PrivateCall): Promise<void> {
    const done = await this.parts.attempt('Not ended', () => api.hangUp(call.call));
    if (!done && this.parts.ptt.inCall) this.parts.ptt.abort('hang_up');
  }

  /** What a key does: the first that rings here, or the own call. */
  key(what: 'answer' | 'decline' | 'end'): void {
    const { calls, session } = this.parts;
    const rings = calls.ringsAt(session.position)[0];
    const own = calls.of(session.position);
    if (what === 'end' && own) void this.end(own);
    else if (what === 'answer' && rings && !own) void this.answer(rings);
    else if (what === 'decline' && rings) void this.decline(rings);
    else this.parts.say(what === 'end' ? 'This desk is in no call' : 'Nothing rings here');
  }

  /** Ring now, then each 4 s while something rings here. */
  ring(): void {
    const { calls, session, alert } = this.parts;
    clearInterval(this.#timer);
    const tone = (): void => {
      const rings = calls.ringsAt(session.position);
      if (rings.length === 0) clearInterval(this.#timer);
      else if (calls.of(session.position)) alert('ring_waiting');
      else alert(rings.some((call) => call.emergency) ? 'ring_emergency' : 'ring');
    };
    this.#timer = setInterval(tone, RING_CYCLE_MS);
    tone();
  }

  take(envelope: Envelope): void {
    const { calls, session, say } = this.parts;
    const words = calls.take(envelope, session.position);
    if (words) say(words);
    if (envelope.type === 'individual.ringing' || envelope.type === 'individual.passed_on') this.ring();
    if (calls.ringsAt(session.position).length === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #begin(what: string, microphone: string, ask: () => Promise<CallAnswer>): Promise<boolean> {
    void this.parts.sound.mixer.resume();
    let line = '';
    const done = await this.parts.attempt(what, async () => {
      const answer = await ask();
      line = answer.line;
      return answer;
    });
    if (done && microphone && line) this.parts.ptt.press(line, 'call', true, microphone);
    return done;
  }

  #micReady(): boolean {
    const { mic } = this.parts.sound;
    const why = MIC_HINDRANCE[mic.state];
    if (!why) return true;
    void mic.open();
    this.parts.say(`A duplex call needs the microphone: ${why}`);
    return false;
  }
}
