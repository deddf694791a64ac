/**
 * Cue sounds, made by oscillators: distinct in rhythm, not only in pitch. All go to the Alerts
 * bus; a cue that is running can be cut, as when push-to-talk is pressed.
 */

export type Cue =
  | 'permit'
  | 'refused'
  | 'preempted'
  | 'tick'
  | 'latched'
  | 'emergency'
  | 'message'
  | 'incident'
  | 'ring'
  | 'ring_emergency'
  | 'ring_waiting'
  | 'slot'
  | 'link_lost'
  | 'link_back'
  | 'edge'
  | 'test';

/** One tone: start and length in seconds, pitch in Hz, gain 0..1, shape of the wave. */
export interface Tone {
  at: number;
  length: number;
  hz: number;
  gain?: number;
  shape?: OscillatorType;
}

export const CUES: Record<Cue, readonly Tone[]> = {
  permit: [
    { at: 0, length: 0.035, hz: 880 },
    { at: 0.055, length: 0.035, hz: 1047 },
    { at: 0.11, length: 0.035, hz: 1319 },
  ],
  refused: [{ at: 0, length: 0.4, hz: 140, gain: 0.5, shape: 'square' }],
  preempted: [
    { at: 0, length: 0.12, hz: 880 },
    { at: 0.15, length: 0.18, hz: 587 },
  ],
  tick: [{ at: 0, length: 0.03, hz: 1500, gain: 0.4 }],
  latched: [0, 0.14].map((at) => ({ at, length: 0.025, hz: 1100, gain: 0.25 })),
  emergency: [0, 0.5, 1, 1.5].flatMap((at) => [
    { at, length: 0.25, hz: 960, gain: 0.7 },
    { at: at + 0.25, length: 0.25, hz: 720, gain: 0.7 },
  ]),
  message: [{ at: 0, length: 0.25, hz: 784, gain: 0.5, shape: 'triangle' }],
  incident: [0, 0.3].map((at) => ({ at, length: 0.2, hz: 523, gain: 0.5, shape: 'triangle' as const })),
  ring: [0, 0.45].flatMap((at) => [
    { at, length: 0.18, hz: 587, gain: 0.5, shape: 'triangle' as const },
    { at: at + 0.18, length: 0.18, hz: 740, gain: 0.5, shape: 'triangle' as const },
  ]),
  ring_emergency: [0, 0.3, 0.6, 0.9].flatMap((at) => [
    { at, length: 0.14, hz: 988, gain: 0.7 },
    { at: at + 0.15, length: 0.14, hz: 784, gain: 0.7 },
  ]),
  ring_waiting: [{ at: 0, length: 0.12, hz: 587, gain: 0.3, shape: 'triangle' }],
  slot: [{ at: 0, length: 0.012, hz: 2200, gain: 0.4 }],
  link_lost: [784, 659, 523].map((hz, i) => ({ at: i * 0.12, length: 0.09, hz })),
  link_back: [523, 659, 784].map((hz, i) => ({ at: i * 0.12, length: 0.09, hz })),
  edge: [{ at: 0, length: 0.3, hz: 330, gain: 0.4 }],
  test: [440, 554, 659].map((hz, i) => ({ at: i * 0.3, length: 0.25, hz, gain: 0.5 })),
};

const FADE_S = 0.005;
const LEVEL = 0.3;

/** What each cue says, for the sheet of volumes. */
export const CUE_WORDS: Record<Exclude<Cue, 'test'>, string> = {
  permit: 'Channel is yours',
  refused: 'Refused, not sent, cut off',
  preempted: 'Pre-empted',
  tick: 'Limit is near',
  latched: 'Still latched',
  emergency: 'Emergency',
  message: 'New message',
  incident: 'Incident with an alert',
  ring: 'A call rings here',
  ring_emergency: 'An emergency call rings here',
  ring_waiting: 'A call waits while you are in one',
  slot: 'Key selected a talkgroup',
  link_lost: 'Link lost',
  link_back: 'Link back',
  edge: 'Oldest recording',
};

/** Volume of a cue from what the operator chose, 0..1. Only its bus turns an emergency down. */
export function cueVolume(cue: Cue, chosen: number | undefined): number {
  return cue === 'emergency' || cue === 'ring_emergency' ? 1 : (chosen ?? 1);
}

/** Length of a cue in ms. */
export function cueMs(cue: Cue): number {
  return Math.max(...CUES[cue].map((tone) => tone.at + tone.length)) * 1000;
}

export class CuePlayer {
  #running: { stop: () => void; until: number }[] = [];

  constructor(
    private readonly context: AudioContext,
    private readonly out: AudioNode,
  ) {}

  play(cue: Cue, volume = 1): void {
    const start = this.context.currentTime + 0.005;
    const gain = new GainNode(this.context, { gain: volume });
    gain.connect(this.out);
    const sources = CUES[cue].map((tone) => this.#tone(tone, start, gain));
    const stop = (): void => {
      gain.gain.setTargetAtTime(0, this.context.currentTime, FADE_S);
      for (const source of sources) source.stop(this.context.currentTime + 0.03);
    };
    this.#running = this.#running.filter((one) => one.until > start);
    this.#running.push({ stop, until: start + cueMs(cue) / 1000 });
  }

  /** Cut whatever sounds; the channel is never held back by a tone. */
  cut(): void {
    for (const one of this.#running) one.stop();
    this.#running = [];
  }

  #tone(tone: Tone, start: number, out: AudioNode): OscillatorNode {
    const oscillator = new OscillatorNode(this.context, {
      type: tone.shape ?? 'sine',
      frequency: tone.hz,
    });
    const envelope = new GainNode(this.context, { gain: 0 });
    const level = (tone.gain ?? 0.6) * LEVEL;
    const from = start + tone.at;
    envelope.gain.setValueAtTime(0, from);
    envelope.gain.linearRampToValueAtTime(level, from + FADE_S);
    envelope.gain.setValueAtTime(level, from + Math.max(FADE_S, tone.length - FADE_S));
    envelope.gain.linearRampToValueAtTime(0, from + tone.length);
    oscillator.connect(envelope).connect(out);
    oscillator.start(from);
    oscillator.stop(from + tone.length + 0.01);
    return oscillator;
  }
}
