/** Texts in and out, newest first. */

import type { Envelope, Message } from '../api/types';

const KEPT = 200;

export class Messages {
  list: Message[] = $state([]);

  load(rows: Message[]): void {
    this.list = [...rows].sort((a, b) => b.t_utc - a.t_utc);
  }

  get unread(): number {
    return this.list.filter((row) => !row.outgoing && !row.read_by).length;
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    const row = this.list.find((one) => one.id === data['message']);
    switch (envelope.type) {
      case 'message.received':
      case 'message.queued':
        if (!row) this.#add(envelope);
        break;
      case 'message.progressed':
        if (row) {
          row.state = String(data['state']);
          row.reason = String(data['reason'] ?? '');
        }
        break;
      case 'message.opened':
        if (row) row.read_by = String(data['operator']);
        break;
    }
  }

  #add(envelope: Envelope): void {
    const data = envelope.data;
    const outgoing = envelope.type === 'message.queued';
    this.list.unshift({
      id: String(data['message']),
      outgoing,
      sender: outgoing ? null : ((data['sender'] as string | null) ?? null),
      to: (data['to'] as string | number | null) ?? null,
      talkgroup: (data['talkgroup'] as string | null) ?? null,
      text: String(data['text'] ?? ''),
      operator: String(data['operator'] ?? ''),
      state: outgoing ? 'queued' : 'received',
      reason: '',
      t_utc: envelope.t_utc,
      read_by: null,
      immediate: data['immediate'] === true,
    });
    if (this.list.length > KEPT) this.list.length = KEPT;
  }
}
