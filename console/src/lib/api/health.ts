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
  settings?: Setting[];
}

/** What is set for a stage: by the plan, or fixed in the program. */
export interface Setting {
  id: string;
  value: number | string;
  source: 'plan' | 'fixed';
}

export interface Histogram {
  from_ms: number;
  step_ms: number;
  bars: number[];
  /** How many lie behind the last bar. */
  above: number;
}

export interface Longest extends Figures {
  max_ms: number | null;
}

export interface NamedSpread extends Longest {
  id: string;
  histogram: Histogram | null;
}

export interface Counted {
  id: string;
  count: number;
  percent: number | null;
}

/** One desk as it reports, and its connection as its RTP reports have it. */
export interface Peer {
  position: string;
  connected: number;
  reported_utc: number | null;
  /** Packets of this link that were followed to it, or blocks that it sent by this link. */
  followed: number;
  packets: Counted;
  lost: Counted;
  concealed: Counted;
  jitter: Longest;
  round_trip: Longest;
  neteq: Longest;
  output: Longest;
  input: Longest;
  rtcp: { lost_percent: number | null; round_trip_ms: number | null };
  sent: number;
  dropped: number;
}

export interface StageSpan {
  spreads: NamedSpread[];
  counts: Counted[];
  levels: { id: string; dbfs: { rms_dbfs: number; peak_dbfs: number } | null }[];
  gain_db: number | null;
  peers?: Peer[];
}

export interface FieldRange {
  field: string;
  value: number;
  least: number;
  most: number;
}

/** A stage looked at closely. */
export interface StageView {
  stage: string;
  link: string;
  position: string | null;
  way: Way;
  settings: Setting[];
  changes: FieldRange[];
  spans: Record<Span, StageSpan>;
  /** Connections without a position. */
  unseated: number;
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
  stage: (asked: { link: string; position: string; way: Way; stage: string }): Promise<StageView> =>
    api.get(withQuery('/audio-path/stage', asked)),
};
