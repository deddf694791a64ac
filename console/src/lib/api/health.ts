/** The health of the server and the audio path, as the server tells them. */

import { api, withQuery } from './client';

export type HealthState = 'ok' | 'attention' | 'fault' | 'unknown';

export interface Tile {
  id: string;
  name: string;
  value: string;
  unit: string;
  state: HealthState;
  words: string;
}

export interface Part {
  id: string;
  name: string;
  state: HealthState;
  words: string;
  todo: string;
  rule: string;
  since_utc: number;
}

export interface HealthNow {
  t_utc: number;
  state: HealthState;
  tiles: Tile[];
  parts: Part[];
}

export interface HealthChange {
  part: string;
  state: HealthState;
  words: string;
  t_utc: number;
}

export interface HealthHistory {
  from_utc: number;
  to_utc: number;
  changes: HealthChange[];
}

export type Way = 'receive' | 'transmit';
export type Span = 'minute' | 'hour';

export interface Figures {
  p50_ms: number | null;
  p95_ms: number | null;
  count: number;
}

export interface Stage extends Figures {
  id: string;
  level: { rms_dbfs: number; peak_dbfs: number } | null;
  added: boolean;
  port?: string;
  unknown?: string;
  late_percent?: number | null;
  lost_percent?: number | null;
  limited_percent?: number | null;
  concealed_percent?: number | null;
  gain_db?: number | null;
  look_ahead_ms?: number;
  leave?: Figures;
  output?: Figures;
  jitter_ms?: number | null;
  dry?: number;
}

export interface PathView {
  link: string;
  position: string | null;
  way: Way;
  span: Span;
  stages: Stage[];
  whole: Figures & { state: 'none' | 'ok' | 'over' | 'alarm' };
  server: Figures;
  grant: Figures;
  not_measured: string[];
  rule: { voice_ms: number; alarm_ms: number };
  desk: { t_utc: number; clock_error_ms: number | null } | null;
}

export interface WayLink {
  id: string;
  name: string;
  kind: string;
  sound: string;
  in_gain_db: number;
  out_gain_db: number;
  ptt: string;
  ptt_lead_ms: number;
  frames: Record<Way, number>;
}

export interface Ways {
  links: WayLink[];
  positions: { id: string; taken: boolean; reports: boolean }[];
}

export const healthApi = {
  now: (): Promise<HealthNow> => api.get('/health'),
  history: (): Promise<HealthHistory> => api.get('/health/history'),
  ways: (): Promise<Ways> => api.get('/audio-path/ways'),
  path: (asked: { link: string; position: string; way: Way; span: Span }): Promise<PathView> =>
    api.get(withQuery('/audio-path', asked)),
};
