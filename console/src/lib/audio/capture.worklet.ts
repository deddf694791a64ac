/** Records what it hears while asked to; posts each block with the wall clock of its end. */

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, kind: unknown): void;

class Capture extends AudioWorkletProcessor {
  private on = false;

  constructor() {
    super();
    this.port.onmessage = (message: MessageEvent<boolean>) => (this.on = message.data);
  }

  process(inputs: Float32Array[][]): boolean {
    if (!this.on) return true;
    const input = inputs[0]?.[0];
    const block = input ? input.slice() : new Float32Array(128);
    this.port.postMessage({ block, at: Date.now() }, [block.buffer]);
    return true;
  }
}

registerProcessor('samband-capture', Capture);
