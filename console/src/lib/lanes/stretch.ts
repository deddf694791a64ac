/**
 * Speech faster or slower with its pitch kept (waveform similarity overlap-add, WSOLA).
 *
 * Frames of 30 ms overlap by half. Each next frame is taken where it continues the last one best,
 * within 8 ms around where it belongs; likeness is judged on each second sample.
 */

const FRAME_S = 0.03;
const SEEK_S = 0.008;
const YIELD_EVERY = 400;

export async function stretch(input: Float32Array, rate: number, speed: number): Promise<Float32Array<ArrayBuffer>> {
  if (Math.abs(speed - 1) < 1e-6) return Float32Array.from(input);
  const hop = Math.round((rate * FRAME_S) / 2);
  const seek = Math.round(rate * SEEK_S);
  const length = Math.max(1, Math.round(input.length / speed));
  const out = new Float32Array(length);
  const rise = Float32Array.from({ length: hop }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / hop));
  let expected = 0; // where the last frame would go on by itself
  for (let n = 0, at = 0; at < length; n += 1, at += hop) {
    if (n % YIELD_EVERY === YIELD_EVERY - 1) await new Promise((resolve) => setTimeout(resolve, 0));
    const ideal = Math.round(at * speed);
    const from = n === 0 ? 0 : best(input, ideal, expected, hop, seek);
    for (let i = 0; i < hop && at + i < length; i += 1) {
      const fresh = input[from + i] ?? 0;
      if (n === 0) out[at + i] = fresh;
      else {
        const up = rise[i] ?? 1;
        out[at + i] = (input[expected + i] ?? 0) * (1 - up) + fresh * up;
      }
    }
    expected = from + hop;
  }
  return out;
}

function best(input: Float32Array, ideal: number, wanted: number, hop: number, seek: number): number {
  const low = Math.max(0, ideal - seek);
  const high = Math.min(input.length - hop, ideal + seek);
  let found = Math.max(0, Math.min(ideal, input.length - 1));
  let most = -Infinity;
  for (let from = low; from <= high; from += 2) {
    let product = 0;
    let power = 1e-9;
    for (let i = 0; i < hop; i += 2) {
      const sample = input[from + i] ?? 0;
      product += sample * (input[wanted + i] ?? 0);
      power += sample * sample;
    }
    const likeness = product / Math.sqrt(power);
    if (likeness > most) {
      most = likeness;
      found = from;
    }
  }
  return found;
}
