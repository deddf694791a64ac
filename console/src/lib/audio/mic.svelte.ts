/**
 * The microphone: opened once. What the meter sees stays in the page; the copy that goes to the
 * server is enabled only while a press lasts.
 */

import { readMeter } from './mixer';

export type MicState = 'none' | 'asking' | 'ready' | 'blocked' | 'missing' | 'insecure' | 'lost';

export const MIC_WORDS: Record<MicState, string> = {
  none: 'Microphone not open yet',
  asking: 'The browser asks for the microphone: allow it',
  ready: '',
  blocked: 'Microphone blocked: allow it beside the address, then reload',
  missing: 'No microphone found: plug one in, then press Microphone',
  insecure: 'No microphone without HTTPS: open the https address of this server',
  lost: 'Microphone lost: plug it in, then press Microphone',
};

/** Why nothing can be sent, in a few words; empty when the microphone is ready. */
export const MIC_HINDRANCE: Record<MicState, string> = {
  none: 'the microphone is not open yet',
  asking: 'the microphone is not open yet',
  ready: '',
  blocked: 'microphone blocked',
  missing: 'no microphone',
  insecure: 'no microphone without HTTPS',
  lost: 'microphone lost',
};

const CLIP_LEVEL = 0.995;
const CLIP_LAMP_MS = 1_500;

const CONSTRAINTS: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  channelCount: 1,
};

export class Microphone {
  state: MicState = $state('none');
  clipped = $state(false);
  track: MediaStreamTrack | null = null;
  /** Told when an open microphone went away: the press must end. */
  onLost: () => void = () => {};
  onTrack: (track: MediaStreamTrack | null) => void = () => {};
  #meter: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  /** The track as the browser gave it, for the meter. */
  #own: MediaStreamTrack | null = null;
  #clippedAt = -CLIP_LAMP_MS;

  constructor(private readonly context: () => AudioContext) {}

  async open(device = ''): Promise<void> {
    if (!navigator.mediaDevices) {
      this.state = 'insecure';
      return;
    }
    if (this.state === 'asking') return;
    this.state = 'asking';
    try {
      const audio = device ? { ...CONSTRAINTS, deviceId: { exact: device } } : CONSTRAINTS;
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      this.#use(stream);
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      this.state = name === 'NotFoundError' || name === 'OverconstrainedError' ? 'missing' : 'blocked';
    }
  }

  #use(stream: MediaStream): void {
    const track = stream.getAudioTracks()[0];
    if (!track) {
      this.state = 'missing';
      return;
    }
    this.close();
    const sent = track.clone();
    sent.enabled = false;
    const gone = (): void => {
      if (this.track !== sent) return;
      this.close();
      this.state = 'lost';
      this.onLost();
    };
    track.onended = gone;
    sent.onended = gone;
    this.track = sent;
    this.#own = track;
    this.#source = this.context().createMediaStreamSource(stream);
    this.#meter = new AnalyserNode(this.context(), { fftSize: 1024 });
    this.#source.connect(this.#meter);
    this.state = 'ready';
    this.onTrack(sent);
  }

  close(): void {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter = null;
    for (const track of [this.track, this.#own]) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    this.#own = null;
    if (!this.track) return;
    this.track = null;
    this.state = 'none';
    this.onTrack(null);
  }

  enable(on: boolean): void {
    if (this.track) this.track.enabled = on;
  }

  /** Own level 0..1, whether or not it is sent; the clip lamp stays on for a moment. */
  level(): number {
    if (!this.#meter) return 0;
    const value = readMeter(this.#meter);
    const now = performance.now();
    if (value >= CLIP_LEVEL) this.#clippedAt = now;
    const clipped = now - this.#clippedAt < CLIP_LAMP_MS;
    if (clipped !== this.clipped) this.clipped = clipped;
    return value;
  }
}
