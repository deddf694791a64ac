/** Topology of the live plan or of a draft. */

import { api, path } from './client';

export interface TopologyLink {
  id: string;
  name: string;
  kind: string;
  system: string;
  site: string;
  leads_to: string;
  emergencies: boolean;
  talkgroups: string[];
  /** up, down …; unknown in a draft. */
  state: string;
  since_utc: number;
  reason: string;
}

export interface TopologyTalkgroup {
  id: string;
  name: string;
  number: number;
  system: string;
  folder: string;
  test: boolean;
  encrypted: boolean;
  links: string[];
  patches: string[];
}

export type FindingKind = 'loop' | 'blocked' | 'now' | 'single';

export interface TopologyFinding {
  rule: string;
  what: FindingKind;
  words: string;
  places: { kind: string; id: string }[];
}

export interface Topology {
  name: string;
  plan?: number;
  draft?: string;
  gateways: { id: string; name: string; links: string[] }[];
  systems: { id: string; name: string; technology: string }[];
  sites: { id: string; name: string; links: string[] }[];
  links: TopologyLink[];
  folders: { name: string; talkgroups: string[] }[];
  talkgroups: TopologyTalkgroup[];
  patches: { id: string; name: string; members: string[]; active: boolean }[];
  findings: TopologyFinding[];
}

export const topologyApi = {
  live: () => api.json<Topology>('GET', '/topology'),
  draft: (draft: string) => api.json<Topology>('GET', path`/plan/drafts/${draft}/topology`),
};
