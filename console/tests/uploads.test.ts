import { describe, expect, it } from 'vitest';
import { clockWords, lagWords, numbers, reasons, stateWords, sum } from '../src/lib/uploads';

const counter = (number: number): { number: number; last_utc: number } => ({ number, last_utc: 1 });

describe('words of uploads', () => {
  it('names what was refused, the most frequent first', () => {
    const refused = { incomplete: counter(1), 'unknown talkgroup': counter(3) };
    expect(reasons(refused)).toBe('3 unknown talkgroup, 1 incomplete');
    expect(sum(refused)).toBe(4);
  });

  it('tells how a clock goes only when something told it', () => {
    expect(clockWords({ offset_ms: null })).toBe('');
    expect(clockWords({ offset_ms: -400 })).toBe('within 1 s');
    expect(clockWords({ offset_ms: 2120 })).toBe('2.1 s ahead');
    expect(clockWords({ offset_ms: -61_000 })).toBe('61.0 s behind');
    expect(lagWords(null)).toBe('-');
    expect(lagWords(-5000)).toBe('-5 s');
  });

  it('reads lists of numbers and names what is none', () => {
    expect(numbers(' 100, 200;300\n400 ')).toEqual([100, 200, 300, 400]);
    expect(() => numbers('100, x7')).toThrow('got x7');
    expect(() => numbers('0')).toThrow('got 0');
  });

  it('says why a recording cannot be played', () => {
    expect(stateWords({ state: 'ready', reason: '' })).toBe('Listening copy made');
    expect(stateWords({ state: 'unplayable', reason: 'it is broken' })).toBe('Kept as received, cannot be played: it is broken');
  });
});
