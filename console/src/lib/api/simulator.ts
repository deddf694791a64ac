/** Simulated terminals for exercises, and drafts tried in a sandbox. Times are µs UTC. */

import { api, path } from './client';

export interface Named {
  id: string;
  name: string;
}

export interface Clip {
  id: string;
  language: string;
  words: string;
}

export interface ToldAct {
  t_utc: number;
  do: string;
  unit: string;
  talkgroup: string;
  words: string;
}

export interface SimTerminal {
  id: string;
  name: string;
  kind: string;
  /** One of a demo's own radios: a link of the plan leads to it. */
  resident: boolean;
  talkgroups: Named[];
  units: { id: number; name: string }[];
  state: string;
  reason: string;
  cut: boolean;
  scenario: boolean;
  by: string;
  began_utc: number;
  ends_utc: number | null;
  told: ToldAct[];
}

export interface RehearsalRow {
  t_utc: number;
  kind: 'call' | 'alarm' | 'press' | 'link' | 'message' | 'patch';
  words: string;
  talkgroup: string;
  link: string;
  seen: string[];
  heard: string[];
  refused: boolean;
  position: string;
}

export interface Rehearsal {
  id: string;
  draft: string;
  name: string;
  sha256: string;
  by: string;
  began_utc: number;
  ends_utc: number;
  ready: boolean;
  ended: string;
  links: { id: string; name: string; state: string; words: string }[];
  positions: { position: string; who: string; seen: number; heard: number; alarms: number; refused: number }[];
  rows: RehearsalRow[];
}

export interface Simulator {
  available: boolean;
  clips: Clip[];
  talkgroups: (Named & { technology: string; kinds: string[]; hindrance: string })[];
  units: { id: number; name: string }[];
  max_terminals: number;
  terminals: SimTerminal[];
  rehearsal: Rehearsal | null;
}

export interface SimAct {
  do: string;
  unit?: number;
  group?: number;
  say?: string;
  tone_hz?: number;
  seconds?: number;
  value?: number;
  text?: string;
  latitude_deg?: number;
  longitude_deg?: number;
  talkgroup?: string;
  position?: string;
  link?: string;
}

export const simulatorApi = {
  state: () => api.json<Simulator>('GET', '/simulator'),
  start: (kind: string, talkgroup: string, minutes: number) => api.json<SimTerminal>('POST', '/simulator/terminals', { kind, talkgroup, minutes }),
  end: (terminal: string) => api.json<{ ok: boolean }>('DELETE', path`/simulator/terminals/${terminal}`),
  act: (terminal: string, act: SimAct) => api.json<SimTerminal>('POST', path`/simulator/terminals/${terminal}/acts`, act),
  play: (terminal: string, file: string) => api.json<SimTerminal>('POST', path`/simulator/terminals/${terminal}/scenario`, { file }),
  stop: (terminal: string) => api.json<SimTerminal>('DELETE', path`/simulator/terminals/${terminal}/scenario`),
  rehearse: (draft: string, minutes: number) => api.json<{ rehearsal: Rehearsal }>('POST', '/simulator/rehearsals', { draft, minutes }),
  inRehearsal: (rehearsal: string, act: SimAct) => api.json<{ words: string }>('POST', path`/simulator/rehearsals/${rehearsal}/acts`, act),
  endRehearsal: (rehearsal: string) => api.json<{ ok: boolean }>('DELETE', path`/simulator/rehearsals/${rehearsal}`),
};

export const KIND_WORDS: Record<string, string> = {
  'tetra-pei': 'TETRA terminal at its PEI',
  'p25-dfsi': 'P25 fixed station (DFSI)',
  'p25-fne': 'P25 network core (FNE)',
  'p25-modem': 'P25 modem (MMDVM)',
  'p25-network': 'P25 reflector (MMDVM network)',
  analogue: 'Analogue radio (carrier, key, sound)',
};

export const ACT_WORDS: Record<string, string> = {
  talk: 'talks', emergency: 'calls for help', status: 'sets a status', text: 'sends a text',
  position: 'sends its place', cut: 'is cut off', outage: 'Link cut', restore: 'Link restored',
};
