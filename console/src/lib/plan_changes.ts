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

/** So many differences are shown as they are; of more, each group has its share until it is opened. */
export const SHOWN = 500;
/** Of a group that somebody opened: more would hold the page. */
export const SHOWN_OPEN = 2000;
const LEAST_OF_GROUP = 3;

export interface FoldedGroup extends ChangeGroup {
  /** Differences of the group that are not in `changes`. */
  hidden: number;
}

/** Groups of a long comparison with their first differences, so that each kind is seen; `open` names those shown whole. */
export function folded(groups: readonly ChangeGroup[], open: ReadonlySet<string>): FoldedGroup[] {
  const total = groups.reduce((sum, one) => sum + one.changes.length, 0);
  const share = total <= SHOWN ? SHOWN : Math.max(LEAST_OF_GROUP, Math.floor(SHOWN / groups.length));
  return groups.map(({ name, changes }) => {
    const shown = changes.slice(0, open.has(name) ? SHOWN_OPEN : share);
    return { name, changes: shown, hidden: changes.length - shown.length };
  });
}

const MORE = /^and (\d+) more changes$/;

/** What one position is told: how many changes, the first `most` of them, and how many more there are. */
export function toldOf(lines: readonly string[], most: number): { count: number; shown: readonly string[]; more: number } {
  const counted = Number(MORE.exec(lines[lines.length - 1] ?? '')?.[1] ?? 0);
  const own = counted > 0 ? lines.slice(0, -1) : lines;
  const shown = own.slice(0, most);
  return { count: own.length + counted, shown, more: own.length + counted - shown.length };
}
