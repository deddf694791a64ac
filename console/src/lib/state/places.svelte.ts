/** Words for positions and what the map is drawn from; asked for once, kept while the page lives. */

import { SvelteMap } from 'svelte/reactivity';
import { incidentApi, type MapDrawing } from '../api/incidents';

const SOON_MS = 150;
const MOST_AT_ONCE = 100;
const MOST_KEPT = 2_000;

interface Position {
  latitude_deg: number;
  longitude_deg: number;
  error_m?: number | null;
}

export class Places {
  readonly #words = new SvelteMap<string, string>();
  readonly #wanted = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = false;
  drawing: MapDrawing | null = $state.raw(null);

  constructor(
    private readonly ask: (at: readonly string[]) => Promise<string[]> = incidentApi.words,
    private readonly draw: () => Promise<MapDrawing> = incidentApi.drawing,
  ) {}

  /** A place in words, empty until it is known; asking for it again costs nothing. */
  words(position: Position | null | undefined): string {
    if (!position) return '';
    const parts = [position.latitude_deg.toFixed(5), position.longitude_deg.toFixed(5)];
    if (typeof position.error_m === 'number') parts.push(String(Math.round(position.error_m)));
    const key = parts.join(',');
    const known = this.#words.get(key);
    if (known !== undefined) return known;
    this.#wanted.add(key);
    this.#timer ??= setTimeout(() => void this.#fetch(), SOON_MS);
    return '';
  }

  /** Lines and names of the site's file; asked for once. */
  load(): void {
    if (this.#asked) return;
    this.#asked = true;
    void this.draw()
      .then((drawing) => (this.drawing = drawing))
      .catch(() => (this.#asked = false));
  }

  /** Another person at this desk may know other places. */
  forget(): void {
    this.#words.clear();
    this.#wanted.clear();
    this.#asked = false;
    this.drawing = null;
  }

  async #fetch(): Promise<void> {
    const asked = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const one of asked) this.#wanted.delete(one);
    this.#timer = this.#wanted.size > 0 ? setTimeout(() => void this.#fetch(), SOON_MS) : undefined;
    let words: string[];
    try {
      words = await this.ask(asked);
    } catch {
      return; // asked again with the next position
    }
    if (this.#words.size > MOST_KEPT) this.#words.clear();
    asked.forEach((key, index) => this.#words.set(key, words[index] ?? ''));
  }
}

export const places = new Places();
