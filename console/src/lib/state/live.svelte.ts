/** The live pictures of this page: opened, kept alive, and closed when the server says so. */

import { sentence } from '../api/client';
import { liveApi, type OpenedView } from '../api/live';
import type { Envelope } from '../api/types';
import { watch, type Live } from '../live/whep';

const ALIVE_MS = 5000;
const STILL_MS = 2000;
const WARN_MS = 60_000;

export type Mode = 'live' | 'still';

/** One camera's picture. */
export class Picture {
  state = $state<'off' | 'opening' | 'on'>('off');
  mode = $state<Mode>('live');
  /** Why there is no picture, for the person who wants to see. */
  words = $state('');
  stream = $state<MediaStream | null>(null);
  still = $state('');
  idleMs = $state(Infinity);
  watermark = $state('');
  view: OpenedView | null = null;
  live: Live | null = null;
  timer: ReturnType<typeof setTimeout> | undefined;

  get warns(): boolean {
    return this.state === 'on' && this.idleMs < WARN_MS;
  }
}

export class LiveViews {
  #pictures = new Map<string, Picture>();
  #beat: ReturnType<typeof setInterval> | undefined;
  #touched = false;
  #listening = false;

  picture(camera: string): Picture {
    let found = this.#pictures.get(camera);
    if (!found) {
      found = new Picture();
      this.#pictures.set(camera, found);
    }
    return found;
  }

  async open(camera: string, mode: Mode, incident: string): Promise<void> {
    const picture = this.picture(camera);
    await this.close(camera);
    picture.mode = mode;
    picture.state = 'opening';
    picture.words = '';
    try {
      const view = await liveApi.open(camera, mode, incident);
      picture.view = view;
      picture.watermark = view.watermark;
      picture.idleMs = view.idle_ms;
      this.#start();
      if (mode === 'live') await this.#live(camera, picture, view);
      else await this.#still(camera, picture, view);
    } catch (error) {
      this.#end(camera, sentence(error));
    }
  }

  async #live(camera: string, picture: Picture, view: OpenedView): Promise<void> {
    const live = await watch(
      (sdp) => liveApi.offer(view, sdp),
      () => {
        if (picture.view === view) this.#end(camera, 'The picture stopped coming.');
      },
    );
    if (picture.view !== view) return live.close();
    picture.live = live;
    picture.stream = live.stream;
    picture.state = 'on';
  }

  async #still(camera: string, picture: Picture, view: OpenedView): Promise<void> {
    const blob = await liveApi.still(camera, view.view);
    if (picture.view !== view) return;
    if (picture.still) URL.revokeObjectURL(picture.still);
    picture.still = URL.createObjectURL(blob);
    picture.state = 'on';
    picture.timer = setTimeout(() => {
      this.#still(camera, picture, view).catch((error: unknown) => {
        if (picture.view === view) this.#end(camera, sentence(error));
      });
    }, STILL_MS);
  }

  /** Close one's own view. */
  async close(camera: string): Promise<void> {
    const picture = this.picture(camera);
    const view = picture.view;
    this.#end(camera, '', false);
    if (!view) return;
    try {
      await liveApi.close(camera, view.view);
    } catch {
      // It is over at the server already.
    }
  }

  /** Take an event of the stream, if it is ours. */
  take(envelope: Pick<Envelope, 'type' | 'data'>): void {
    const { type, data } = envelope;
    if (type === 'view.ended') this.ended(String(data['view']), String(data['reason']));
  }

  /** The server ended a view: right, session, or nobody used it. */
  ended(view: string, reason: string): void {
    for (const [camera, picture] of this.#pictures) {
      if (picture.view?.view === view) this.#end(camera, `Closed: ${reason}.`, false);
    }
  }

  closeAll(): void {
    for (const camera of this.#pictures.keys()) void this.close(camera);
  }

  #end(camera: string, words: string, tell = true): void {
    const picture = this.picture(camera);
    const view = picture.view;
    picture.view = null;
    clearTimeout(picture.timer);
    picture.live?.close();
    picture.live = null;
    picture.stream = null;
    if (picture.still) URL.revokeObjectURL(picture.still);
    picture.still = '';
    picture.state = 'off';
    picture.words = words;
    if (view && tell) liveApi.close(camera, view.view).catch(() => {});
    if (![...this.#pictures.values()].some((one) => one.view)) this.#stop();
  }

  // ---- sign of life ----------------------------------------------------------------------------

  #start(): void {
    if (!this.#listening) {
      this.#listening = true;
      for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
        window.addEventListener(kind, this.#touch, { passive: true });
      }
    }
    this.#beat ??= setInterval(() => void this.#alive(), ALIVE_MS);
  }

  #stop(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  #touch = (): void => {
    this.#touched = true;
  };

  async #alive(): Promise<void> {
    const open = [...this.#pictures].filter(([, picture]) => picture.view);
    if (!open.length) return;
    const touched = this.#touched;
    this.#touched = false;
    try {
      const { idle_in_ms: left } = await liveApi.alive(open.map(([, picture]) => picture.view!.view), touched);
      for (const [camera, picture] of open) {
        const id = picture.view?.view;
        if (!id) continue;
        if (left[id] === undefined) this.#end(camera, 'Closed by the server.', false);
        else picture.idleMs = left[id];
      }
    } catch {
      this.#touched ||= touched; // the next beat says it
    }
  }
}

export const liveViews = new LiveViews();
