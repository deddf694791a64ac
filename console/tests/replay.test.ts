import { describe, expect, it } from 'vitest';
import type { Transmission } from '../src/lib/api/types';
import { replayStep } from '../src/lib/replay';

const rows = ['new', 'middle', 'old'].map((id) => ({ id }) as Transmission);
const silent = { id: null, positionMs: 0, durationMs: 0 };
const at = (id: string, positionMs: number) => ({ id, positionMs, durationMs: 10_000 });

describe('replay by J, K and L', () => {
  it('begins with the newest', () => {
    expect(replayStep('play', rows, silent)).toMatchObject({ kind: 'play', row: { id: 'new' }, click: false });
    expect(replayStep('back', rows, at('elsewhere', 0))).toMatchObject({ kind: 'play', row: { id: 'new' } });
    expect(replayStep('forward', rows, silent)).toEqual({ kind: 'nothing' });
    expect(replayStep('play', [], silent)).toEqual({ kind: 'nothing' });
  });

  it('pauses and goes on with K', () => {
    expect(replayStep('play', rows, at('new', 500))).toEqual({ kind: 'toggle' });
  });

  it('goes back inside an over, then to the one before, and marks the oldest', () => {
    expect(replayStep('back', rows, at('new', 5_000))).toEqual({ kind: 'seek', direction: -1 });
    expect(replayStep('back', rows, at('new', 200))).toMatchObject({ kind: 'play', row: { id: 'middle' }, click: true });
    expect(replayStep('back', rows, at('old', 200))).toEqual({ kind: 'edge' });
  });

  it('goes forward inside an over, then to the next', () => {
    expect(replayStep('forward', rows, at('old', 1_000))).toEqual({ kind: 'seek', direction: 1 });
    expect(replayStep('forward', rows, at('old', 8_000))).toMatchObject({ kind: 'play', row: { id: 'middle' } });
    expect(replayStep('forward', rows, at('new', 8_000))).toEqual({ kind: 'nothing' });
  });
});
