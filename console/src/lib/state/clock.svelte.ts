/** Shared clocks: one tick a second for ages, one each 100 ms only while a press runs. */

export class Clock {
  /** Server time in ms, ticking at 1 Hz. */
  now = $state(Date.now());
  /** Monotonic ms, ticking at 10 Hz while somebody asks for it, else at 1 Hz. */
  fast = $state(performance.now());
  offsetMs = 0;
  #users = 0;
  #fastTimer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    setInterval(() => this.tick(), 1_000);
  }

  tick(): void {
    this.now = Date.now() + this.offsetMs;
    this.fast = performance.now();
  }

  /** Tick fast until the returned function is called. */
  hurry(): () => void {
    this.#users += 1;
    this.#fastTimer ??= setInterval(() => (this.fast = performance.now()), 100);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#users -= 1;
      if (this.#users > 0) return;
      clearInterval(this.#fastTimer);
      this.#fastTimer = undefined;
    };
  }
}

export const time = new Clock();
