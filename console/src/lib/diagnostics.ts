/** `window.samband`: read-only diagnostics for the latency meter and the tests. See docs/console.md. */

import type { Desk } from './state/desk.svelte';

export interface Diagnostics {
  readonly version: string;
  /** The snapshot is shown, and at a desk the sound path and the press socket are open. */
  readonly ready: boolean;
  readonly audio: {
    readonly state: string;
    readonly sampleRate: number;
    readonly listening: boolean;
    readonly media: string;
    readonly outputLatencyMs: number;
    readonly microphone: string;
    /** Level 0..1 (60 dB) of a talkgroup's track. */
    level(talkgroup: string): number;
    captureStart(): Promise<void>;
    /** Float32 little-endian, 48 kHz, mixed Select + Monitor, base64. */
    captureStop(): string;
    /** Wall clock (ms) of each block of 128 samples of the last capture. */
    captureTimes(): number[];
  };
  readonly ptt: { readonly state: string; readonly words: string; readonly socket: boolean };
  readonly stream: { readonly connected: boolean; readonly seq: number | null };
}

declare global {
  interface Window {
    samband: Diagnostics;
  }
}

export const VERSION = '0.1.0';

export function installDiagnostics(desk: Desk): void {
  const { sound, ptt, stream, session } = desk;
  const diagnostics: Diagnostics = {
    version: VERSION,
    get ready() {
      if (!desk.loaded) return false;
      if (!session.position) return true;
      const asked = sound.mic.state !== 'none' && sound.mic.state !== 'asking';
      return asked && sound.media === 'connected' && ptt.socketOpen;
    },
    audio: {
      get state() {
        return sound.mixer.context.state;
      },
      get sampleRate() {
        return sound.mixer.context.sampleRate;
      },
      get listening() {
        return sound.listening;
      },
      get media() {
        return sound.media;
      },
      get outputLatencyMs() {
        return sound.mixer.context.outputLatency * 1000;
      },
      get microphone() {
        return sound.mic.state;
      },
      level: (talkgroup) => sound.level(talkgroup),
      captureStart: () => sound.capture.start(),
      captureStop: () => sound.capture.stop(),
      captureTimes: () => sound.capture.times(),
    },
    ptt: {
      get state() {
        return ptt.state;
      },
      get words() {
        return ptt.current?.words ?? '';
      },
      get socket() {
        return ptt.socketOpen;
      },
    },
    stream: {
      get connected() {
        return stream.connected;
      },
      get seq() {
        return stream.seq;
      },
    },
  };
  Object.defineProperty(window, 'samband', { value: Object.freeze(diagnostics) });
}
