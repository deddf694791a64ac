/** Edits of a draft as the page shows them before the server has said yes. */

import type { Edit, PlanBody } from './api/plans';
import { SEARCHED } from './grid';

const TABLES = { talkgroup: 'talkgroups', unit: 'units' } as const;
type Kind = keyof typeof TABLES;
interface Row {
  system: string;
  number: number;
}

const isKind = (kind: string): kind is Kind => kind in TABLES;

/** Edits that only change fields of rows, or take units out: nothing else of the plan follows them. */
export function changesOneRow(edits: readonly Edit[]): boolean {
  return edits.every(({ op, kind, id, value, place }) => {
    if (!isKind(kind) || !id || place !== undefined) return false;
    if (op === 'remove') return kind === 'unit';
    return !!value && !('number' in value) && !('system' in value);
  });
}

/** The plan after such edits. */
export function withEdits(plan: PlanBody, edits: readonly Edit[]): PlanBody {
  const result = { ...plan };
  for (const kind of ['talkgroup', 'unit'] as const) {
    const values = new Map(edits.filter((one) => one.kind === kind).map((one) => [one.id ?? '', one]));
    if (values.size === 0) continue;
    const numbers = new Set([...values.keys()].map((id) => Number(id.slice(id.lastIndexOf('/') + 1))));
    const change = <T extends Row>(rows: T[]): T[] =>
      rows.flatMap((row) => {
        const edit = numbers.has(row.number) ? values.get(`${row.system}/${row.number}`) : undefined;
        if (!edit) return row;
        return edit.op === 'remove' ? [] : { ...row, ...edit.value, [SEARCHED]: undefined };
      });
    if (kind === 'talkgroup') result.talkgroups = change(plan.talkgroups);
    else result.units = change(plan.units);
  }
  return result;
}
