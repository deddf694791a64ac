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
  /** What the first stage counts from: `fastest`, or empty for a card's input. */
  begin?: string;
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

export interface GainChange {
  field: string;
  before: number;
  value: number;
}

export interface Suggestion {
  changes: GainChange[];
  words: string;
}

export interface KeyUp extends Suggestion {
  presses: { t_utc: number; talkgroup: string; grant_ms: number | null; on_air_ms: number | null; refused: string; heard: Record<string, number> }[];
  grant: Figures;
  cut: { by: string; sent_ms: number; heard_ms: number; cut_ms: number; tests: number } | null;
}

/** The test talkgroups of a link, each with why it may not be keyed now. */
export interface TestRow {
  id: string;
  test: { talkgroups: { talkgroup: string; name: string; reason: string }[]; reason: string };
}

export const healthApi = {
  testRows: (): Promise<TestRow[]> => api.get('/links/live'),
  keyUp: (link: string): Promise<KeyUp> => api.get(withQuery('/audio-path/key-up', { link })),
  levels: (asked: { link: string; way: 'in' | 'out'; reads_hz?: number; nominal_hz?: number }): Promise<Suggestion> =>
    api.get(withQuery('/audio-path/levels', asked)),
  now: (): Promise<HealthNow> => api.get('/health'),
  history: (): Promise<HealthHistory> => api.get('/health/history'),
  ways: (): Promise<Ways> => api.get('/audio-path/ways'),
  path: (asked: { link: string; position: string; way: Way; span: Span }): Promise<PathView> =>
    api.get(withQuery('/audio-path', asked)),
};
