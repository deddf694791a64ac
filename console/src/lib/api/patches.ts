/** Patches: talkgroups joined. Times are µs UTC. */

import { api, path } from './client';
import type { Patch } from './patch_types';

export type * from './patch_types';

export interface PreparedPatch {
  label: string;
  name: string;
  members: string[];
  mixed: boolean;
}

export interface WaitingPatch {
  label: string;
  name: string;
  members: string[];
  reason: string;
}

export interface PatchList {
  patches: Patch[];
  waits: WaitingPatch[];
  prepared: PreparedPatch[];
}

export interface WantedPatch {
  talkgroups?: string[];
  prepared?: string;
  name?: string;
  reason: string;
  minutes: number;
  mixed?: boolean;
}

export const patchesApi = {
  list: (): Promise<PatchList> => api.get('/patches'),
  make: (wanted: WantedPatch): Promise<{ patch: string; until_utc: number }> => api.post('/patches', wanted),
  extend: (patch: string, minutes: number): Promise<unknown> => api.post(path`/patches/${patch}/extend`, { minutes }),
  confirmMix: (patch: string, key: string): Promise<{ until_utc: number }> =>
    api.post(path`/patches/${patch}/confirm_mix`, { key }),
  drop: (patch: string, reason: string): Promise<unknown> => api.post(path`/patches/${patch}/drop`, { reason }),
};
