/** Geometry of the map: metres on a flat plane round a point, scale, labels. No tiles, nothing fetched. */

export interface At {
  latitude_deg: number;
  longitude_deg: number;
}

export interface XY {
  x: number;
  y: number;
}

const METRES_PER_DEGREE = 111_195;
export const HALF_VIEW_DEG = 35;
const COMPASS = ['north', 'north-east', 'east', 'south-east', 'south', 'south-west', 'west', 'north-west'];

/** Metres east and south of an origin; good to a thousandth over some ten kilometres. */
export function plane(origin: At, at: At): XY {
  const narrow = Math.cos((origin.latitude_deg * Math.PI) / 180);
  return {
    x: (at.longitude_deg - origin.longitude_deg) * METRES_PER_DEGREE * narrow,
    y: (origin.latitude_deg - at.latitude_deg) * METRES_PER_DEGREE,
  };
}

export interface View extends XY {
  /** Metres a pixel. */
  scale: number;
}

/** The view that shows all points with a margin; at least `least` metres across. */
export function fit(points: readonly XY[], width: number, height: number, least = 400): View {
  if (points.length === 0) return { x: 0, y: 0, scale: least / Math.max(1, width) };
  const xs = points.map((one) => one.x);
  const ys = points.map((one) => one.y);
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const margin = 72;
  const scale = Math.max(
    (east - west) / Math.max(1, width - 2 * margin),
    (south - north) / Math.max(1, height - 2 * margin),
    least / Math.max(1, width),
  );
  return { x: (west + east) / 2, y: (north + south) / 2, scale };
}

/** Zoom by a factor with the point under the pointer staying where it is. */
export function zoom(view: View, factor: number, offset: XY = { x: 0, y: 0 }): View {
  const scale = Math.min(200, Math.max(0.1, view.scale * factor));
  return {
    x: view.x + offset.x * (view.scale - scale),
    y: view.y + offset.y * (view.scale - scale),
    scale,
  };
}

/** A round length for the scale bar, of 60 to 150 px. */
export function scaleBar(scale: number): { metres: number; px: number; words: string } {
  const most = scale * 150;
  const power = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((step) => step * power).find((one) => one <= most) ?? power;
  return { metres, px: metres / scale, words: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` };
}

/** Path of what a camera is taken to see: a slice of a circle, in pixels. */
export function cone(at: XY, bearingDeg: number, radius: number): string {
  const edge = (turn: number): string => {
    const angle = ((bearingDeg + turn) * Math.PI) / 180;
    return `${(at.x + Math.sin(angle) * radius).toFixed(1)} ${(at.y - Math.cos(angle) * radius).toFixed(1)}`;
  };
  const r = radius.toFixed(1);
  return `M${at.x.toFixed(1)} ${at.y.toFixed(1)} L${edge(-HALF_VIEW_DEG)} A${r} ${r} 0 0 1 ${edge(HALF_VIEW_DEG)} Z`;
}

/** Direction from one point to another in words: `north-east`. */
export function compass(from: At, to: At): string {
  const { x, y } = plane(from, to);
  const degrees = ((Math.atan2(x, -y) * 180) / Math.PI + 360) % 360;
  return COMPASS[Math.round(degrees / 45) % 8] ?? '';
}

/** `60 m`, `1.2 km`. */
export function metresWords(metres: number): string {
  return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`;
}

export interface Label {
  key: string;
  at: XY;
  text: string;
  /** Distance of the text from its point. */
  gap: number;
}

export interface PlacedLabel {
  x: number;
  y: number;
  anchor: 'start' | 'end' | 'middle';
}

const CHARACTER_PX = 7.6;
const LINE_PX = 20;

/**
 * Where labels stand: right of their point, else left, else below, else nowhere; earlier ones win,
 * so that two names never lie on each other.
 */
export function placeLabels(labels: readonly Label[], taken: readonly DOMRectLike[] = []): Map<string, PlacedLabel> {
  const boxes: DOMRectLike[] = [...taken];
  const placed = new Map<string, PlacedLabel>();
  for (const one of labels) {
    const width = one.text.length * CHARACTER_PX;
    const options: [PlacedLabel, number][] = [
      [{ x: one.at.x + one.gap, y: one.at.y + 5, anchor: 'start' }, one.at.x + one.gap],
      [{ x: one.at.x - one.gap, y: one.at.y + 5, anchor: 'end' }, one.at.x - one.gap - width],
      [{ x: one.at.x, y: one.at.y + one.gap + 14, anchor: 'middle' }, one.at.x - width / 2],
    ];
    for (const [spot, left] of options) {
      const box = { left, top: spot.y - 15, right: left + width, bottom: spot.y - 15 + LINE_PX };
      if (boxes.some((other) => overlap(box, other))) continue;
      boxes.push(box);
      placed.set(one.key, spot);
      break;
    }
  }
  return placed;
}

export interface DOMRectLike {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function overlap(a: DOMRectLike, b: DOMRectLike): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
