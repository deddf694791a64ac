/** Texts in and out, newest first. */

import type { Envelope, Message } from '../api/types';

const KEPT = 200;

export class Messages {
  list: Message[] = $state([]);

  load(rows: Message[]): void {
    this.list = [...rows].sort((a, b) => b.t_utc - a.t_utc);
  }

  get unread(): number {
    return this.list.filter((row) => row.incoming && !row.opened_by).length;
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
        if (row) row.opened_by = String(data['operator']);
        break;
    }
  }

  #add(envelope: Envelope): void {
    const data = envelope.data;
    const incoming = envelope.type === 'message.received';
    const to = data['to'] as string | number | null | undefined;
    this.list.unshift({
      id: String(data['message']),
      incoming,
      link: String(data['link'] ?? ''),
      sender: incoming ? ((data['sender'] as string | null) ?? null) : null,
      alias: '',
      to: to === null || to === undefined ? null : String(to),
      talkgroup: (data['talkgroup'] as string | null) ?? null,
      text: String(data['text'] ?? ''),
      operator: String(data['operator'] ?? ''),
      state: incoming ? 'received' : 'queued',
      reason: '',
      t_utc: envelope.t_utc,
      opened_by: '',
      opened_utc: null,
      immediate: data['immediate'] === true,
      guessed: data['guessed'] === true,
    });
    if (this.list.length > KEPT) this.list.length = KEPT;
  }
}
