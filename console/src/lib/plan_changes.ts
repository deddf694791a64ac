/** Changes of a plan in the groups in which they are shown. */

import type { PlanChange } from './api/plans';

const NAMES: Record<string, string> = {
  system: 'Systems',
  site: 'Sites',
  unit: 'Units',
  unit_rule: 'Rules for names',
  link: 'Links',
  patch: 'Patches',
  layout: 'Consoles and layouts',
  status: 'Statuses',
  individual_rule: 'Rules of private calls',
  never_recorded: 'Numbers never recorded',
  text: 'Predefined texts',
  position: 'Positions',
  plan: 'Plan',
};

export interface ChangeGroup {
  name: string;
  changes: PlanChange[];
}

export function grouped(changes: readonly PlanChange[]): ChangeGroup[] {
  const groups = new Map<string, PlanChange[]>();
  for (const one of changes) {
    const name = one.kind === 'talkgroup' ? `Talkgroups, folder ${one.folder}` : (NAMES[one.kind] ?? one.kind);
    const known = groups.get(name);
    if (known) known.push(one);
    else groups.set(name, [one]);
  }
  return [...groups].map(([name, list]) => ({ name, changes: list }));
}
