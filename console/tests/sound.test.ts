import { describe, expect, it } from 'vitest';
import { cueMs, CUES } from '../src/lib/audio/cues';
import { audible, type Ears } from '../src/lib/audible';
import { fromDb, limiterCurve, meterScale, monitorGain, openMicGain } from '../src/lib/audio/mixer';
import { toBase64 } from '../src/lib/audio/capture';

describe('the mix', () => {
  it('keeps the monitor 9 dB down once something is selected, 6 more while it is heard', () => {
    expect(monitorGain(false, false)).toBe(1);
    expect(monitorGain(true, false)).toBeCloseTo(fromDb(-9));
    expect(monitorGain(true, true)).toBeCloseTo(fromDb(-15));
  });

  it('goes 24 dB down on a loudspeaker while the microphone is open, not on a headset', () => {
    expect(openMicGain(true, true)).toBeCloseTo(fromDb(-24));
    expect(openMicGain(true, false)).toBe(1);
    expect(openMicGain(false, true)).toBe(1);
  });

  it('has a limiter that is straight below -3 dBFS and never passes full scale', () => {
    const curve = limiterCurve(8001);
    const at = (x: number): number => curve[Math.round(((x / 4 + 1) / 2) * 8000)] ?? NaN;
    expect(at(0.5)).toBeCloseTo(0.5, 3);
    expect(at(-0.7)).toBeCloseTo(-0.7, 3);
    expect(at(4)).toBeLessThanOrEqual(1);
    expect(at(2)).toBeGreaterThan(at(1));
  });

  it('shows 60 dB on a meter', () => {
    expect(meterScale(1)).toBe(1);
    expect(meterScale(fromDb(-30))).toBeCloseTo(0.5);
    expect(meterScale(fromDb(-61))).toBe(0);
  });
});

describe('cue sounds', () => {
  it('have the shapes of the table', () => {
    expect(CUES.permit.map((tone) => tone.length)).toEqual([0.035, 0.035, 0.035]);
    expect(cueMs('refused')).toBe(400);
    expect(cueMs('emergency')).toBe(2000);
    expect(cueMs('edge')).toBe(300);
  });

  it('differ in rhythm, not only in pitch', () => {
    const rhythm = (cue: keyof typeof CUES): string =>
      CUES[cue].map((tone) => `${tone.at}/${tone.length}`).join();
    const alerts = ['permit', 'refused', 'preempted', 'tick', 'emergency', 'slot', 'edge'] as const;
    expect(new Set(alerts.map(rhythm)).size).toBe(alerts.length);
  });
});

describe('an over', () => {
  const heard: Ears = {
    listening: true, muted: false, volume: 1, busVolume: 1, select: false, selectReceives: false, speakerHushed: false,
  };

  it('is heard at its own level', () => {
    expect(audible(heard)).toBe(true);
    expect(audible({ ...heard, select: true, selectReceives: true })).toBe(true);
  });

  it.each([
    ['the desk has no sound', { listening: false }],
    ['it is muted', { muted: true }],
    ['its volume is at nought', { volume: 0 }],
    ['its bus is at nought', { busVolume: 0 }],
    ['it is ducked under the selected one', { selectReceives: true }],
    ['the loudspeaker is down for the microphone', { select: true, speakerHushed: true }],
  ])('is not heard when %s', (_, change) => {
    expect(audible({ ...heard, ...change })).toBe(false);
  });
});

describe('captured samples', () => {
  it('come as base64 of their bytes', () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 256);
    expect(Uint8Array.from(atob(toBase64(bytes)), (c) => c.charCodeAt(0))).toEqual(bytes);
  });
});
