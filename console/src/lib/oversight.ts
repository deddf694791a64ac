/** Words of the review queue and of approvals, for pages of the auditor's desk. */

import type { Approval, ReviewTask } from './api/oversight';

export const OUTCOMES = [
  ['justified', 'Justified'],
  ['ask', 'Ask the person'],
  ['escalated', 'Escalate'],
] as const;

const KINDS: Record<ReviewTask['kind'], string> = {
  sample: 'Random check',
  alert: 'Alert',
  break_glass: 'Break-glass',
};

const RULES: Record<string, string> = {
  pace: 'More look-ups than usual',
  unnamed_objects: 'Objects without an incident',
  same_subject: 'Same subject again',
  off_shift: 'Off shift',
  new_camera_group: 'New camera group',
  large_export: 'Large export',
  bulk_paging: 'Many pages',
  denials: 'Refusals',
  self: 'Own object',
  colleague: 'A colleague’s object',
};

const STATES: Record<string, string> = {
  open: 'Open',
  asked: 'Asked',
  answered: 'Answered',
  justified: 'Justified',
  escalated: 'Escalated',
};

/** What a task is, in a few words. */
export function kindWords(task: Pick<ReviewTask, 'kind' | 'rule'>): string {
  return RULES[task.rule] ?? KINDS[task.kind];
}

export function stateWords(state: string): string {
  return STATES[state] ?? state;
}

/** Hours until a moment, in words: `in 3 h`, `2 d ago`. Times are µs UTC. */
export function dueWords(dueUtc: number, nowUtc: number): string {
  const hours = Math.trunc((dueUtc - nowUtc) / 3_600_000_000);
  const size = Math.abs(hours);
  const words = size >= 48 ? `${Math.trunc(size / 24)} d` : `${size} h`;
  return dueUtc < nowUtc ? `${words} overdue` : `in ${words}`;
}

const ENDS: Record<Approval['state'], string> = {
  waiting: 'Waits',
  agreed: 'Agreed',
  refused: 'Refused',
  withdrawn: 'Taken back',
  expired: 'Expired',
  used: 'Done',
};

export function approvalState(row: Pick<Approval, 'state' | 'needed' | 'votes'>): string {
  if (row.state !== 'waiting' || row.needed < 2) return ENDS[row.state];
  return `Waits, ${row.votes.length} of ${row.needed}`;
}

/** Names of what is no word by itself. */
const DETAIL_WORDS: Record<string, string> = { more: 'further differences', plan_sha256: 'SHA-256 of the plan' };

/** The lines of what will happen, a list of texts line by line, other deep values as JSON: nothing is left out. */
export function detailLines(detail: Record<string, unknown>): [string, string][] {
  return Object.entries(detail).map(([key, value]) => {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const name = DETAIL_WORDS[key] ?? key.replaceAll('_', ' ');
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return [name, value.length > 0 ? value.join('\n') : 'none'];
    return [name, plain ? String(value) : JSON.stringify(value, null, 1)];
  });
}
