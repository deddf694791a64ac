/** What is said at once, wherever the person is looking, when a message comes or an act is settled. */

import type { Envelope, Message, User } from '../api/types';
import { isCallAlert, outcome } from '../unit_acts';
import type { Units } from './units.svelte';

export interface NoticeDesk {
  readonly messages: { readonly list: Message[] };
  readonly units: Pick<Units, 'name' | 'inhibited'>;
  readonly session: { readonly user: User | null };
}

/** The words of an event's notice, empty where it has none; call it once the messages have it. */
export function notice(envelope: Envelope, desk: NoticeDesk): string {
  if (envelope.type === 'message.received') return received(envelope, desk);
  if (envelope.type === 'approval.asked' || envelope.type === 'approval.decided') return approval(envelope, desk);
  return envelope.type === 'message.progressed' ? progressed(envelope, desk) : '';
}

/** A second person is asked for, or one's own request was answered. */
function approval(envelope: Envelope, desk: NoticeDesk): string {
  const { data } = envelope;
  const own = data['asked_by'] === desk.session.user?.id;
  if (envelope.type === 'approval.asked') {
    return own ? '' : `${String(data['asked_name'])} asks for a second person: ${String(data['words'])} (Approvals)`;
  }
  return own && data['by'] ? `${String(data['by'])} ${data['state'] === 'refused' ? 'refused' : 'agreed to'} your request` : '';
}

const rowOf = (envelope: Envelope, desk: NoticeDesk): Message | undefined =>
  desk.messages.list.find((one) => one.id === envelope.data['message']);

/** An immediate text, or somebody who asks to be called back. */
function received(envelope: Envelope, desk: NoticeDesk): string {
  const { immediate, sender, text } = envelope.data;
  const name = desk.units.name(sender as string | null);
  if (immediate === true) return `Immediate text from ${name}: ${String(text)}`;
  const row = rowOf(envelope, desk);
  return row && isCallAlert(row) ? `Call alert: ${name} asks to be called back` : '';
}

/** What came of an act that was asked by this person. A radio's word on an inhibit is for all. */
function progressed(envelope: Envelope, desk: NoticeDesk): string {
  const row = rowOf(envelope, desk);
  if (!row) return '';
  if (envelope.data['state'] === 'delivered' && row.to && ['inhibit', 'uninhibit'].includes(row.kind)) {
    desk.units.inhibited(row.to, row.kind === 'inhibit' ? envelope.t_utc : null);
  }
  return row.operator === desk.session.user?.display_name ? outcome(row, desk.units.name(row.to)) : '';
}
