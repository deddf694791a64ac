/** Camera sources, messages that were not understood, and what goes to and comes from other rooms. */

import { api, path, withQuery } from './client';

export interface SourceRow {
  id: string;
  state: string;
  reason: string;
  skew_ms: number | null;
  last_event_utc: number | null;
  lag_ms: number | null;
  counters: Record<string, number>;
  offline: string[];
}

export interface UnreadRow {
  id: string;
  source: string;
  topic: string;
  reason: string;
  t_recv_utc: number;
  size_bytes: number;
  raw_sha256: string;
  text?: string;
}

export interface OutRow {
  id: string;
  target: string;
  type: string;
  incident: string;
  state: 'waiting' | 'sent' | 'dead';
  tries: number;
  made_utc: number;
  next_utc: number;
  last_status: number;
  last_error: string;
}

export interface CapRow {
  id: string;
  direction: string;
  sender: string;
  identifier: string;
  sent: string;
  status: string;
  msg_type: string;
  incident: string;
  state: string;
}

/** A file that the server made, with its name. */
export interface MadeFile {
  blob: Blob;
  name: string;
}

async function made(where: string, body: unknown, fallback: string): Promise<MadeFile> {
  const response = await api.raw('POST', where, body);
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
  return { blob: await response.blob(), name: named?.[1] ?? fallback };
}

export const exchangeApi = {
  sources: (): Promise<SourceRow[]> => api.get('/camera-sources'),
  unread: (source: string): Promise<UnreadRow[]> => api.get(withQuery('/camera-messages', { source })),
  message: (id: string): Promise<UnreadRow> => api.get(path`/camera-messages/${id}`),
  out: (state: string): Promise<OutRow[]> => api.get(withQuery('/webhooks-out', { state })),
  again: (id: string): Promise<unknown> => api.post(path`/webhooks-out/${id}/again`),
  cap: (): Promise<CapRow[]> => api.get('/cap'),
  async capFile(id: string): Promise<Blob> {
    return (await api.raw('GET', path`/cap/${id}`)).blob();
  },
  takeCap: (file: File): Promise<{ incident?: string; faults?: string[] }> => api.sendFile('/cap', file),
  takeOver: (file: File): Promise<{ incident: string }> => api.sendFile('/handovers', file),
  makeCap: (incident: string, body: Record<string, unknown>): Promise<MadeFile> =>
    made(path`/incidents/${incident}/cap`, body, `${incident}.cap.xml`),
  handOver: (incident: string, body: Record<string, unknown>): Promise<MadeFile> =>
    made(path`/incidents/${incident}/handover`, body, `${incident}.json`),
};

/** Top-level fields of a message, as far as it is JSON: what anybody can read of it. */
export function fieldsOf(text: string): [string, string][] {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
    return Object.entries(value).map(([key, one]) => [key, typeof one === 'string' ? one : JSON.stringify(one)]);
  } catch {
    return [];
  }
}
