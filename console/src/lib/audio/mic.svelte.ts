/** The microphone: opened once, kept open, enabled only while a press lasts. */

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
    track.enabled = false;
    track.onended = () => {
      if (this.track !== track) return;
      this.close();
      this.state = 'lost';
      this.onLost();
    };
    this.track = track;
    this.#source = this.context().createMediaStreamSource(stream);
    this.#meter = new AnalyserNode(this.context(), { fftSize: 512 });
    this.#source.connect(this.#meter);
    this.state = 'ready';
    this.onTrack(track);
  }

  close(): void {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter = null;
    if (!this.track) return;
    this.track.onended = null;
    this.track.stop();
    this.track = null;
    this.state = 'none';
    this.onTrack(null);
  }

  enable(on: boolean): void {
    if (this.track) this.track.enabled = on;
  }

  /** Own level 0..1 while the microphone is open to the server. */
  level(): number {
    if (!this.#meter || !this.track?.enabled) return 0;
    const value = readMeter(this.#meter);
    this.clipped = value >= 0.995;
    return value;
  }
}
