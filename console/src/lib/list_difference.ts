/** Differences of an import as lines of one height: a head for each group, a line for each field. */

import type { ListChange, ListKept } from './api/lists';

export interface DifferenceLine {
  key: string;
  /** Name of the group, of its head. */
  group?: string;
  count: number;
  folded: number;
  change?: ListChange;
  field?: [string, string, string];
  /** The draft's value stands here. */
  kept?: ListKept;
  /** The first line of its object. */
  head: boolean;
}

/** Objects of a group that are shown until somebody unfolds it. */
export const SHOWN_OF_GROUP = 20;

const NAMES: Record<string, string> = { system: 'Systems', site: 'Sites', unit: 'Units', unit_rule: 'Rules for names', link: 'Links' };
const TOUCHED = 'Consoles and patches, what the changes above touch';

function nameOf(one: ListChange): string {
  if (one.kind === 'talkgroup') return `Talkgroups, folder ${one.folder || 'without a name'}`;
  return NAMES[one.kind] ?? TOUCHED;
}

/** Of fields in which the draft stands, whatever the file has. */
export const KEPT_GROUP = 'Kept as in the draft';

const rank = (name: string): number => (name.startsWith('Talkgroups') ? 0 : name === TOUCHED ? 2 : 1);

export function flat(changes: readonly ListChange[], open: ReadonlySet<string>, kept: readonly ListKept[] = []): DifferenceLine[] {
  const groups = new Map<string, ListChange[]>();
  for (const one of changes) {
    const name = nameOf(one);
    const known = groups.get(name);
    if (known) known.push(one);
    else groups.set(name, [one]);
  }
  const lines: DifferenceLine[] = [];
  for (const [group, all] of [...groups].sort((one, other) => rank(one[0]) - rank(other[0]))) {
    const most = open.has(group) || groups.size === 1 ? all.length : SHOWN_OF_GROUP;
    lines.push({ key: `g ${group}`, group, count: all.length, folded: Math.max(0, all.length - most), head: true });
    for (const change of all.slice(0, most)) {
      const key = `${change.kind}/${change.id}`;
      if (change.fields.length === 0) lines.push({ key, count: 0, folded: 0, change, head: true });
      change.fields.forEach((field, at) => lines.push({ key: `${key} ${at}`, count: 0, folded: 0, change, field, head: at === 0 }));
    }
  }
  if (kept.length > 0) {
    const most = open.has(KEPT_GROUP) || groups.size === 0 ? kept.length : SHOWN_OF_GROUP;
    lines.push({ key: `g ${KEPT_GROUP}`, group: KEPT_GROUP, count: kept.length, folded: Math.max(0, kept.length - most), head: true });
    kept.slice(0, most).forEach((one, at) => lines.push({ key: `k ${one.id} ${one.field}`, count: 0, folded: 0, kept: one, head: at === 0 || kept[at - 1]?.id !== one.id }));
  }
  return lines;
}
