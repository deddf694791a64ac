/** Boards of positions, and what a plan changed for one. Times are µs UTC. */

import { api, path } from './client';

export type * from './layout_types';

/** What one activation changed for the own position, in words. */
export interface PlanNotice {
  id: number;
  plan: number;
  previous: number;
  t_utc: number;
  lines: string[];
}

export const layoutsApi = {
  notices: (): Promise<PlanNotice[]> => api.get('/plan/notices'),
  seen: (notice: number): Promise<unknown> => api.post(path`/plan/notices/${String(notice)}/seen`, {}),
};
