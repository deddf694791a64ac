import { describe, expect, it } from 'vitest';
import { keyed, MAX_CLIP_S, moved, offsetWords, reach, secondsAt, secondsWords, SHOWN_S } from '../../src/lib/live/clip';

describe('the roll of a clip', () => {
  it('stays within the strip', () => {
    expect(moved({ before: 30, after: 30 }, 'before', 400, 10)).toEqual({ before: SHOWN_S, after: 30 });
    expect(moved({ before: 30, after: 30 }, 'after', -5, 10)).toEqual({ before: 30, after: 0 });
  });

  it('keeps the whole clip at ten minutes: the other side gives way', () => {
    const long = moved({ before: 100, after: 100 }, 'before', 180, 350);
    expect(long).toEqual({ before: 180, after: 70 });
    expect(long.before + long.after + 350).toBe(MAX_CLIP_S);
    expect(moved({ before: 0, after: 0 }, 'after', 60, MAX_CLIP_S)).toEqual({ before: 0, after: 0 });
  });

  it('moves by keys, outwards with the arrow that points outwards', () => {
    expect(keyed('ArrowLeft', 30, 'before')).toBe(35);
    expect(keyed('ArrowRight', 30, 'before')).toBe(25);
    expect(keyed('ArrowRight', 30, 'after')).toBe(35);
    expect(keyed('PageUp', 30, 'after')).toBe(60);
    expect(keyed('Home', 30, 'after')).toBe(0);
    expect(keyed('a', 30, 'after')).toBeNull();
  });

  it('has a place on the strip for each second, and back', () => {
    expect(reach(0)).toBe(0);
    expect(reach(SHOWN_S * 2)).toBe(1);
    expect(secondsAt(reach(30))).toBeCloseTo(30);
    expect(secondsAt(-1)).toBe(0);
  });

  it('says seconds and offsets', () => {
    expect(secondsWords(10)).toBe('10 s');
    expect(secondsWords(130)).toBe('2 min 10 s');
    expect(secondsWords(120)).toBe('2 min');
    expect(offsetWords(400)).toBe('Offset +0.4 s');
    expect(offsetWords(-100)).toBe('Offset −0.1 s');
    expect(offsetWords(null)).toBe('Offset unknown');
  });
});
