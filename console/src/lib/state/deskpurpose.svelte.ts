/** Kept for the pages of the auditor's desk; the purpose itself stands in `purpose.svelte.ts`. */

import { purpose as stated } from './purpose.svelte';

export const purpose = {
  /** The client sends what stands with each request, so there is nothing to add. */
  query: {} as Record<string, string>,
  get words(): string {
    return stated.words;
  },
  demand: (): Promise<boolean> => stated.demand(),
};
