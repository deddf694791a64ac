/** Links at work: what passes them, traces, checks, test transmissions. Times are µs UTC. */

import { api, path } from './client';

export type Check = 'answers' | 'port' | 'sound';

export interface Passing {
  in_count: number;
  in_bytes: number;
  out_count: number;
  out_bytes: number;
  heard_utc: number | null;
}

export interface TraceProgress {
  id: string;
  records: number;
  lost: number;
  size_bytes: number;
}

export interface TestTalkgroup {
  talkgroup: string;
  name: string;
  /** Why not now, in words; empty when it may be keyed. */
  reason: string;
}

export interface LinkLive {
  id: string;
  port: string;
  simulated: boolean;
  passing: Passing;
  trace: TraceProgress | null;
  checks: Check[];
  test: { talkgroups: TestTalkgroup[]; reason: string };
}

export interface Trace {
  id: string;
  link: string;
  name: string;
  kind: string;
  reason: string;
  started_utc: number;
  started_by: string;
  ended_utc: number | null;
  cause: string;
  records: number;
  lost: number;
  size_bytes: number;
  sha256: string;
  expires_utc: number;
  running: boolean;
}

export interface LoopResult {
  check: Check;
  outcome: 'passed' | 'failed' | 'open';
  words: string;
  figures: { name: string; value: number | null; unit: string }[];
}

/** A check watches for 12 s, so it is waited for longer than other answers. */
const CHECK_MS = 30_000;

export const linksApi = {
  live: (): Promise<LinkLive[]> => api.json('GET', '/links/live'),
  traces: (): Promise<Trace[]> => api.json('GET', '/link-traces'),
  record: (link: string, wish: { reason: string; minutes: number; megabytes: number }): Promise<Trace> =>
    api.json('POST', path`/links/${link}/trace`, wish),
  stop: (trace: string): Promise<unknown> => api.json('POST', path`/link-traces/${trace}/stop`, {}),
  remove: (trace: string): Promise<unknown> => api.json('DELETE', path`/link-traces/${trace}`),
  file: async (trace: string): Promise<Blob> => (await api.raw('GET', path`/link-traces/${trace}/file`)).blob(),
  check: async (link: string, check: Check): Promise<LoopResult> => {
    const answer = await api.raw('POST', path`/links/${link}/loop-back`, { check }, false, CHECK_MS);
    return (await answer.json()) as LoopResult;
  },
};
