/** Settings of a link put into the open draft, or into a new one; nothing live changes. */

import { plans } from './plans.svelte';

export interface Written {
  said: string;
  trouble: string;
}

export async function putIntoDraft(link: string, draftName: string, value: Record<string, unknown>): Promise<Written> {
  if (!plans.editable && !(await plans.begin(draftName.slice(0, 80)))) return { said: '', trouble: plans.trouble };
  if (!(await plans.edit([{ op: 'put', kind: 'link', id: link, value }]))) return { said: '', trouble: plans.trouble };
  return { said: `Written into the draft ${plans.draft?.name ?? ''}. Nothing live has changed.`, trouble: '' };
}
