/** Live view, stills and clips: the requests of the camera wall. */

import { api, path, withQuery } from './client';
import type { MediaRow } from './claim_types';

export interface ClipRow extends MediaRow {
  from_utc: number;
  to_utc: number;
  why: string;
  how: string;
  skew_ms: number | null;
  event_utc: number;
}

/** One camera of an incident's wall. */
export interface WallTile {
  camera: string;
  name: string;
  place: string;
  state: string;
  reason: string;
  skew_ms: number | null;
  clock_note: string;
  live: boolean;
  live_can_be_ended: boolean;
  still: boolean;
  recorded: string[];
  recorded_days: number;
  from_now: boolean;
  last_still: ClipRow | null;
  clips: ClipRow[];
}

export interface OpenedView {
  view: string;
  camera: string;
  mode: 'live' | 'still';
  token: string;
  whep_url: string;
  idle_ms: number;
  watermark: string;
  started_utc: number;
}

export interface BookmarkBody {
  camera: string;
  from_utc: number;
  to_utc?: number;
  before_s: number;
  after_s: number;
  incident: string;
  reason?: string;
}

const OFFER_TIMEOUT_MS = 15_000;

export const liveApi = {
  wall: (incident: string): Promise<WallTile[]> => api.get(path`/incidents/${incident}/wall`),
  open: (camera: string, mode: 'live' | 'still', incident: string): Promise<OpenedView> =>
    api.post(path`/cameras/${camera}/view`, { mode, incident }),
  close: (camera: string, view: string): Promise<unknown> => api.delete(path`/cameras/${camera}/view/${view}`),
  alive: (views: string[], touched: boolean): Promise<{ idle_in_ms: Record<string, number> }> =>
    api.post('/live-views/alive', { views, touched }),
  async still(camera: string, view: string): Promise<Blob> {
    return (await api.raw('GET', withQuery(path`/cameras/${camera}/still`, { view }))).blob();
  },
  bookmark: (body: BookmarkBody): Promise<{ id: string; state: string }> => api.post('/bookmarks', body),
  keepStill: (camera: string, incident: string): Promise<{ id: string }> =>
    api.post(path`/cameras/${camera}/still`, { incident }),
  /** Hand an offer to the engine, by our own server; the answer's SDP. */
  async offer(view: OpenedView, sdp: string): Promise<string> {
    const response = await fetch(view.whep_url, {
      method: 'POST',
      headers: {
        'content-type': 'application/sdp',
        'x-samband-csrf': api.csrf,
        authorization: `Bearer ${view.token}`,
      },
      body: sdp,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(OFFER_TIMEOUT_MS),
    });
    if (!response.ok) throw await api.failed(response);
    return response.text();
  },
};
