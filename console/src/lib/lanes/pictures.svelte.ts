/** Stills and clips of camera lanes: fetched only when somebody asks, since each is logged. */

import type { LaneItem } from '../api/auditdesk';
import { api, sentence } from '../api/client';
import { apiPath } from '../state/lanes.svelte';

const THUMBS = 8;
const THUMB_PX = 56;
const DRIFT_S = 0.25;

export class Pictures {
  /** By item: thumbnails on its lane. */
  strips: Record<string, string[]> = $state({});
  /** The clip that is shown beside the lanes. */
  clip: { item: LaneItem; name: string; url: string } | null = $state.raw(null);
  trouble = $state('');
  #urls: string[] = [];

  async open(item: LaneItem, name: string): Promise<void> {
    if (!item.play_url) return;
    this.trouble = '';
    try {
      const blob = await (await api.raw('GET', apiPath(item.play_url))).blob();
      const url = URL.createObjectURL(blob);
      this.#urls.push(url);
      if (item.kind === 'still') this.strips[item.id] = [url];
      else {
        this.clip = { item, name, url };
        this.strips[item.id] = await strip(url).catch(() => []);
      }
    } catch (error) {
      this.trouble = `Not shown: ${sentence(error)}`;
    }
  }

  shut(): void {
    this.clip = null;
  }

  /** Give all pictures back. */
  close(): void {
    this.shut();
    this.strips = {};
    for (const url of this.#urls) URL.revokeObjectURL(url);
    this.#urls = [];
  }
}

/** Keep a clip with the clock of the lanes: it runs, waits and jumps with them. */
export function keepTime(video: HTMLVideoElement, item: LaneItem, clock: { position: number; playing: boolean; speed: number }): void {
  const wanted = (clock.position - item.from_utc) / 1e6;
  const there = wanted >= 0 && (item.to_utc === null || clock.position < item.to_utc);
  video.playbackRate = clock.speed;
  if (Number.isFinite(video.duration) && Math.abs(video.currentTime - wanted) > DRIFT_S) {
    video.currentTime = Math.min(Math.max(0, wanted), video.duration);
  }
  if (clock.playing && there && video.paused) void video.play().catch(() => undefined);
  if ((!clock.playing || !there) && !video.paused) video.pause();
}

async function strip(url: string): Promise<string[]> {
  const video = document.createElement('video');
  video.muted = true;
  video.src = url;
  await event(video, 'loadeddata');
  const canvas = document.createElement('canvas');
  canvas.height = THUMB_PX;
  canvas.width = Math.round((THUMB_PX * video.videoWidth) / Math.max(1, video.videoHeight));
  const drawing = canvas.getContext('2d');
  const found: string[] = [];
  for (let n = 0; n < THUMBS && drawing; n += 1) {
    video.currentTime = ((n + 0.5) / THUMBS) * video.duration;
    await event(video, 'seeked');
    drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
    found.push(canvas.toDataURL('image/jpeg', 0.7));
  }
  return found;
}

function event(video: HTMLVideoElement, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    video.addEventListener(name, () => resolve(), { once: true });
    video.addEventListener('error', () => reject(new Error('the clip cannot be read')), { once: true });
  });
}
