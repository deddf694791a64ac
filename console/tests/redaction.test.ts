import { describe, expect, it } from 'vitest';
import { emptyHiding, hides, hidingPart, keyedRect, meant, middle, rectBetween } from '../src/lib/redaction';

const PICTURE = { width: 1280, height: 720 };

describe('rectangles over a picture', () => {
  it('are in pixels of the picture, whichever corner came first', () => {
    const shown = { width: 640, height: 360 };
    expect(rectBetween([100, 50], [20, 10], shown, PICTURE)).toEqual({ x: 40, y: 20, width: 160, height: 80 });
  });

  it('never leave the picture', () => {
    const shown = { width: 640, height: 360 };
    expect(rectBetween([-30, -5], [900, 400], shown, PICTURE)).toEqual({ x: 0, y: 0, width: 1280, height: 720 });
  });

  it('are not made by a click', () => {
    expect(meant({ x: 5, y: 5, width: 1, height: 200 })).toBe(false);
    expect(meant({ x: 5, y: 5, width: 4, height: 4 })).toBe(true);
  });

  it('are moved and sized by keys, within the picture', () => {
    const rect = middle(PICTURE);
    expect(rect).toEqual({ x: 480, y: 270, width: 320, height: 180 });
    expect(keyedRect('ArrowLeft', false, { ...rect, x: 3 }, PICTURE)).toEqual({ ...rect, x: 0 });
    expect(keyedRect('ArrowDown', true, rect, PICTURE)).toEqual({ ...rect, height: 188 });
    expect(keyedRect('ArrowRight', true, { ...rect, x: 960 }, PICTURE)).toEqual({ ...rect, x: 960 });
    expect(keyedRect('a', false, rect, PICTURE)).toBeNull();
  });
});

describe('what the server is told', () => {
  it('hides nothing of a picture without rectangles and sound', () => {
    expect(hides(emptyHiding())).toBe(false);
  });

  it('gives a time only where the end is behind the beginning', () => {
    const box = middle(PICTURE);
    expect(hidingPart('v-1', { ...emptyHiding(), boxes: [box] })).toEqual({ media: 'v-1', boxes: [box], picture: true, sound: false });
    expect(hidingPart('v-1', { boxes: [], from_s: 1.5, to_s: 3, sound: true })).toEqual({
      media: 'v-1', boxes: [], picture: false, sound: true, from_ms: 1500, to_ms: 3000,
    });
  });
});
