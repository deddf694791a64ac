/** Level bars: one animation frame loop writes `--v` straight to the elements, past the renderer. */

const CALM_MS = 500;
const readers = new Map<HTMLElement, () => number>();
let frame = 0;
let last = 0;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

function draw(now: number): void {
  frame = readers.size > 0 ? requestAnimationFrame(draw) : 0;
  if (calm.matches && now - last < CALM_MS) return;
  last = now;
  for (const [element, read] of readers) {
    element.style.setProperty('--v', `${Math.round(read() * 100)}%`);
  }
}

/** Svelte attachment: keep the bar at what `read` says (0..1). */
export function level(read: () => number): (element: HTMLElement) => () => void {
  return (element) => {
    readers.set(element, read);
    if (!frame) frame = requestAnimationFrame(draw);
    return () => readers.delete(element);
  };
}
