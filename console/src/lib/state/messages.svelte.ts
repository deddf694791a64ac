/** Texts, statuses, requests and data, in and out, newest first. */

import type { Claim, Claims, Envelope, Message } from '../api/types';

const KEPT = 200;
const NONE: Claims = { accepted: null, sent: null, delivered: null, read: null };
const WORTH: Record<string, number> = {
  queued: 0,
  unknown: 1,
  accepted: 1,
  sent: 2,
  failed: 3,
  delivered: 4,
  read: 5,
};

const isClaim = (state: string): state is Claim => state in NONE;

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
        if (row) progress(row, String(data['state']), String(data['reason'] ?? ''), envelope.t_utc);
        break;
      case 'message.opened':
        if (row) row.opened_by = String(data['operator']);
        break;
    }
  }

  #add(envelope: Envelope): void {
    this.list.unshift(rowOf(envelope));
    if (this.list.length > KEPT) this.list.length = KEPT;
  }
}

/** Each claim is known by itself; the state shown is the one worth most. */
function progress(row: Message, state: string, reason: string, at: number): void {
  if (isClaim(state)) row.claims[state] ??= at;
  if ((WORTH[state] ?? 0) < (WORTH[row.state] ?? 0)) return;
  row.state = state;
  row.reason = reason;
}

function rowOf(envelope: Envelope): Message {
  const data = envelope.data;
  const text = (name: string): string => String(data[name] ?? '');
  const number = (name: string): number | null => (typeof data[name] === 'number' ? (data[name] as number) : null);
  const incoming = envelope.type === 'message.received';
  const to = data['to'] as string | number | null | undefined;
  return {
    id: text('message'),
    incoming,
    link: text('link'),
    sender: incoming ? ((data['sender'] as string | null) ?? null) : null,
    alias: '',
    to: to === null || to === undefined ? null : String(to),
    talkgroup: (data['talkgroup'] as string | null) ?? null,
    text: text('text'),
    operator: text('operator'),
    state: incoming ? 'received' : 'queued',
    reason: '',
    t_utc: envelope.t_utc,
    opened_by: '',
    opened_utc: null,
    immediate: data['immediate'] === true,
    guessed: data['guessed'] === true,
    coding: text('coding'),
    raw_hex: text('raw_hex'),
    kind: (text('kind') || 'text') as Message['kind'],
    value: number('value'),
    pid: number('pid'),
    written: text('written'),
    opta: text('opta'),
    itsi: text('itsi'),
    parts: number('parts') ?? 1,
    parts_missing: number('parts_missing') ?? 0,
    claims: { ...NONE },
  };
}
