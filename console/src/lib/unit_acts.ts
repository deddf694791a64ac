/** Acts on one radio: their names, and what came of them in words. */

import type { Message, UnitAct } from './api/message_types';
import type { IconName } from './icons';


interface ActWords {
  name: string;
  /** What the radio's answer means. */
  done: string;
  icon: IconName;
}

const ACTS: Record<UnitAct, ActWords> = {
  call_alert: { name: 'Call alert', done: 'The radio has it', icon: 'bell' },
  status_query: { name: 'Status query', done: 'Answered', icon: 'flag' },
  status_update: { name: 'Status update', done: 'The radio has it', icon: 'flag' },
  radio_check: { name: 'Radio check', done: 'The radio is there', icon: 'radio' },
  inhibit: { name: 'Inhibit', done: 'The radio is out of service', icon: 'off' },
  uninhibit: { name: 'Put back into service', done: 'The radio is back in service', icon: 'check' },
};

export function actWords(kind: string): ActWords | undefined {
  return kind in ACTS ? ACTS[kind as UnitAct] : undefined;
}

/** A radio asks for a call back. */
export const isCallAlert = (row: Pick<Message, 'kind' | 'incoming'>): boolean =>
  row.incoming && row.kind === 'call_alert';

const SETTLED = ['delivered', 'failed', 'unknown'];

/** `B 101, radio check: the radio is there`; empty while nothing is settled. */
export function outcome(row: Pick<Message, 'kind' | 'state' | 'reason'>, unit: string): string {
  const act = actWords(row.kind);
  if (!act || !SETTLED.includes(row.state)) return '';
  const about = `${unit}, ${act.name.toLowerCase()}`;
  if (row.state === 'failed') return `${about}: ${row.reason || 'failed'}`;
  if (row.state === 'unknown') return `${about}: not known whether it was sent${row.reason ? `, ${row.reason}` : ''}`;
  if (row.kind === 'status_query' && row.reason) return `${about}: ${row.reason}`;
  return `${about}: ${act.done.charAt(0).toLowerCase()}${act.done.slice(1)}`;
}
