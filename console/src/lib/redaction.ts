/** Rectangles over a picture: drawn with the pointer or moved by keys, in the picture's own pixels. */

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

/** What is hidden of one still or clip. */
export interface Hiding {
  boxes: Rect[];
  /** Of a clip, in seconds; the whole of it when the end is not behind the beginning. */
  from_s: number;
  to_s: number;
  sound: boolean;
}

export interface HidingPart {
  media: string;
  boxes: Rect[];
  from_ms?: number;
  to_ms?: number;
  picture: boolean;
  sound: boolean;
}

const LEAST = 4;
const STEP = 8;

const within = (value: number, most: number): number => Math.min(Math.max(0, Math.round(value)), most);

/** The rectangle between two corners on a shown picture, in pixels of the picture itself. */
export function rectBetween(a: [number, number], b: [number, number], shown: Size, picture: Size): Rect {
  const sx = picture.width / shown.width;
  const sy = picture.height / shown.height;
  const left = within(Math.min(a[0], b[0]) * sx, picture.width);
  const top = within(Math.min(a[1], b[1]) * sy, picture.height);
  return {
    x: left,
    y: top,
    width: within(Math.max(a[0], b[0]) * sx, picture.width) - left,
    height: within(Math.max(a[1], b[1]) * sy, picture.height) - top,
  };
}

/** Whether somebody meant a rectangle and not a click. */
export const meant = (rect: Rect): boolean => rect.width >= LEAST && rect.height >= LEAST;

/** A rectangle in the middle, for who draws with the keyboard. */
export function middle(picture: Size): Rect {
  const width = Math.max(LEAST, Math.round(picture.width / 4));
  const height = Math.max(LEAST, Math.round(picture.height / 4));
  return { x: Math.round((picture.width - width) / 2), y: Math.round((picture.height - height) / 2), width, height };
}

/** Arrows move, with Shift they size; null for any other key. */
export function keyedRect(key: string, shift: boolean, rect: Rect, picture: Size): Rect | null {
  const steps: Record<string, [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const step = steps[key];
  if (!step) return null;
  const [dx, dy] = step;
  if (shift) {
    const width = Math.max(LEAST, Math.min(rect.width + dx, picture.width - rect.x));
    const height = Math.max(LEAST, Math.min(rect.height + dy, picture.height - rect.y));
    return { ...rect, width, height };
  }
  return { ...rect, x: within(rect.x + dx, picture.width - rect.width), y: within(rect.y + dy, picture.height - rect.height) };
}

export const emptyHiding = (): Hiding => ({ boxes: [], from_s: 0, to_s: 0, sound: false });

export const hides = (one: Hiding): boolean => one.boxes.length > 0 || one.sound;

/** What the server is told to hide of a still or clip. */
export function hidingPart(media: string, one: Hiding): HidingPart {
  const timed = one.to_s > one.from_s;
  return {
    media,
    boxes: one.boxes,
    picture: one.boxes.length > 0,
    sound: one.sound,
    ...(timed ? { from_ms: Math.round(one.from_s * 1000), to_ms: Math.round(one.to_s * 1000) } : {}),
  };
}
