/** Replay of recordings on the Replay bus: one at a time, with J, K and L. */

import { api, sentence } from '../api/client';
import type { BusName, Mixer } from './mixer';

const STEP_S = 3;

export class Player {
  /** Transmission that is loaded, and its talkgroup. */
  playing: string | null = $state(null);
  talkgroup: string | null = $state(null);
  paused = $state(true);
  startedUtc = $state(0);
  positionMs = $state(0);
  durationMs = $state(0);
  trouble = $state('');
  onPlayed: (transmission: string) => void = () => {};
  readonly #element = new Audio();
  #connected = false;
  #url = '';

  constructor(
    private readonly mixer: () => Mixer,
    private readonly bus: BusName = 'replay',
  ) {
    this.#element.addEventListener('timeupdate', () => {
      this.positionMs = this.#element.currentTime * 1000;
    });
    this.#element.addEventListener('loadedmetadata', () => {
      const seconds = this.#element.duration;
      if (Number.isFinite(seconds)) this.durationMs = seconds * 1000;
    });
    this.#element.addEventListener('ended', () => this.stop());
    this.#element.addEventListener('pause', () => (this.paused = true));
    this.#element.addEventListener('play', () => (this.paused = false));
  }

  async play(
    row: { id: string; talkgroup: string; started_utc: number; duration_ms: number | null },
    purpose: Record<string, string> = {},
  ): Promise<void> {
    this.stop();
    this.trouble = '';
    this.playing = row.id;
    this.talkgroup = row.talkgroup;
    this.startedUtc = row.started_utc;
    this.durationMs = row.duration_ms ?? 0;
    try {
      const blob = await api.recording(row.id, purpose);
      if (this.playing !== row.id) return;
      this.#url = URL.createObjectURL(blob);
      this.#element.src = this.#url;
      this.#connect();
      await this.#element.play();
      this.onPlayed(row.id);
    } catch (error) {
      if (this.playing !== row.id) return;
      this.trouble = `Not played: ${sentence(error)}`;
      this.stop();
    }
  }

  #connect(): void {
    if (this.#connected) return;
    const mixer = this.mixer();
    mixer.context.createMediaElementSource(this.#element).connect(mixer.buses[this.bus].input);
    this.#connected = true;
  }

  toggle(): void {
    if (!this.playing) return;
    if (this.#element.paused) void this.#element.play().catch(() => undefined);
    else this.#element.pause();
  }

  /** Jump by a few seconds. */
  skip(direction: -1 | 1): void {
    if (!this.playing) return;
    this.#element.currentTime = Math.max(0, this.#element.currentTime + direction * STEP_S);
  }

  seek(share: number): void {
    if (this.playing && this.durationMs > 0) {
      this.#element.currentTime = (share * this.durationMs) / 1000;
    }
  }

  stop(): void {
    this.#element.pause();
    this.playing = null;
    this.talkgroup = null;
    this.positionMs = 0;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = '';
  }
}
