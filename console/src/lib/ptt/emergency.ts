/** A guarded key: nothing happens before it was held for 2 s; then it talks until it is let go. */

export const HOLD_MS = 2_000;
const STEP_MS = 50;

export interface EmergencyParts {
  start(): void;
  release(): void;
  abort(cause: string): void;
  /** How much of the time is over, 0 to 1. */
  progress(share: number): void;
}

export class EmergencyHold {
  #since: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #keyed = false;

  constructor(private readonly parts: EmergencyParts) {}

  down(): void {
    if (this.#since !== null) return;
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#step(), STEP_MS);
  }

  /** Let go: before its time it was nothing. */
  up(): void {
    const keyed = this.#keyed;
    this.#stop();
    if (keyed) this.parts.release();
  }

  lose(cause: string): void {
    const keyed = this.#keyed;
    this.#stop();
    if (keyed) this.parts.abort(cause);
  }

  #step(): void {
    const share = Math.min(1, (performance.now() - (this.#since ?? 0)) / HOLD_MS);
    this.parts.progress(share);
    if (share < 1 || this.#keyed) return;
    this.#keyed = true;
    clearInterval(this.#timer);
    this.parts.start();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#since = null;
    this.#keyed = false;
    this.parts.progress(0);
  }

  /** Pointer, Space and Enter on a button. */
  attach(element: Element): () => void {
    let pointer: number | null = null;
    const events: [string, (event: never) => void][] = [
      [
        'pointerdown',
        (event: PointerEvent) => {
          if (event.button !== 0 || pointer !== null) return;
          pointer = event.pointerId;
          element.setPointerCapture(pointer);
          this.down();
        },
      ],
      [
        'pointerup',
        (event: PointerEvent) => {
          if (event.pointerId !== pointer) return;
          pointer = null;
          this.up();
        },
      ],
      ['pointercancel', () => ((pointer = null), this.lose('pointer_cancelled'))],
      ['lostpointercapture', () => pointer !== null && ((pointer = null), this.lose('pointer_lost'))],
      ['contextmenu', (event: Event) => event.preventDefault()],
      [
        'keydown',
        (event: KeyboardEvent) => {
          if (event.code !== 'Space' && event.code !== 'Enter') return;
          event.preventDefault();
          if (!event.repeat) this.down();
        },
      ],
      [
        'keyup',
        (event: KeyboardEvent) => {
          if (event.code !== 'Space' && event.code !== 'Enter') return;
          event.preventDefault();
          this.up();
        },
      ],
      ['blur', () => this.lose('focus_lost')],
    ];
    for (const [name, handler] of events) element.addEventListener(name, handler as EventListener);
    return () => {
      for (const [name, handler] of events) element.removeEventListener(name, handler as EventListener);
      this.lose('button_gone');
    };
  }
}
