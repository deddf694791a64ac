/** Which way of sound the engineer looks at, and its figures; the same on both pages. */

import { sentence } from '../api/client';
import { healthApi, type HealthNow, type PathView, type Span, type Way, type Ways } from '../api/health';

export const LOOK_EVERY_MS = 2_500;

export class AudioPathState {
  ways: Ways | null = $state.raw(null);
  view: PathView | null = $state.raw(null);
  trouble = $state('');
  link = $state('');
  position = $state('');
  way: Way = $state('receive');
  span: Span = $state('minute');
  #asked = 0;

  get linkName(): string {
    return this.ways?.links.find((one) => one.id === this.link)?.name ?? this.link;
  }

  async load(): Promise<void> {
    const asked = (this.#asked += 1);
    try {
      const ways = await healthApi.ways();
      this.#choose(ways);
      const { link, position, way, span } = this;
      const view = link ? await healthApi.path({ link, position, way, span }) : null;
      if (asked !== this.#asked) return; // something else was chosen meanwhile
      this.ways = ways;
      this.view = view;
      this.trouble = '';
    } catch (error) {
      if (asked === this.#asked) this.trouble = sentence(error);
    }
  }

  /** At first: the link that was heard most, and a desk that reports. */
  #choose(ways: Ways): void {
    if (!ways.links.some((one) => one.id === this.link)) {
      const most = [...ways.links].sort((a, b) => b.frames.receive - a.frames.receive)[0];
      this.link = most?.id ?? '';
    }
    if (!ways.positions.some((one) => one.id === this.position)) {
      const desk = ways.positions.find((one) => one.reports) ?? ways.positions.find((one) => one.taken);
      this.position = desk?.id ?? '';
    }
  }
}

export class HealthState {
  now: HealthNow | null = $state.raw(null);
  trouble = $state('');

  async load(): Promise<void> {
    try {
      this.now = await healthApi.now();
      this.trouble = '';
    } catch (error) {
      this.trouble = sentence(error);
    }
  }
}

export const audioPath = new AudioPathState();
export const health = new HealthState();

/** Load at once and then every few seconds; returns what ends it. */
export function keepLooking(load: () => Promise<void>, everyMs = LOOK_EVERY_MS): () => void {
  void load();
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void load();
  }, everyMs);
  return () => clearInterval(timer);
}
