/** Read-only diagnostics: a copy of the mixed Select + Monitor bus, for the latency meter. */

import workletUrl from './capture.worklet.ts?worker&url';
import type { Mixer } from './mixer';

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

export class Capture {
  #node: AudioWorkletNode | null = null;
  #blocks: Float32Array[] = [];
  #times: number[] = [];

  constructor(private readonly mixer: Mixer) {}

  async start(): Promise<void> {
    const { context, tap } = this.mixer;
    if (!this.#node) {
      await context.audioWorklet.addModule(workletUrl);
      this.#node = new AudioWorkletNode(context, 'samband-capture', {
        numberOfOutputs: 1,
        channelCount: 1,
        channelCountMode: 'explicit',
      });
      this.#node.port.onmessage = (message: MessageEvent<{ block: Float32Array; at: number }>) => {
        this.#blocks.push(message.data.block);
        this.#times.push(message.data.at);
      };
      tap.connect(this.#node);
      this.#node.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
    }
    this.#blocks = [];
    this.#times = [];
    this.#node.port.postMessage(true);
  }

  /** Float32 little-endian samples at 48 kHz, base64. */
  stop(): string {
    this.#node?.port.postMessage(false);
    const total = this.#blocks.reduce((sum, block) => sum + block.length, 0);
    const all = new Float32Array(total);
    let at = 0;
    for (const block of this.#blocks) {
      all.set(block, at);
      at += block.length;
    }
    this.#blocks = [];
    return toBase64(new Uint8Array(all.buffer));
  }

  /** Wall clock (ms) at which each block of 128 samples was rendered, in order. */
  times(): number[] {
    return [...this.#times];
  }
}
