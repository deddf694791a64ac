/** Private and telephone calls: what rings, what this desk talks in, what was missed. */

import type { Envelope, PrivateCall } from '../api/types';
import { byQueue, endWords, isPrivate, partyName } from '../calls';

const MISSED_KEPT = 20;

export class PrivateCalls {
  list: PrivateCall[] = $state([]);
  missed: PrivateCall[] = $state([]);

  load(rows: readonly PrivateCall[]): void {
    this.list = rows.filter((row) => row.state !== 'missed');
    this.missed = rows.filter((row) => row.state === 'missed');
  }

  find(call: string): PrivateCall | undefined {
    return this.list.find((row) => row.call === call);
  }

  byLine(line: string): PrivateCall | undefined {
    return this.list.find((row) => row.line === line);
  }

  /** The call that a position has. */
  of(position: string | null): PrivateCall | undefined {
    return position ? this.list.find((row) => row.position === position) : undefined;
  }

  /** Calls that nobody took yet, in the order in which they are to be answered. */
  get queue(): PrivateCall[] {
    return this.list.filter((row) => row.state === 'ringing').sort(byQueue);
  }

  ringsAt(position: string | null): PrivateCall[] {
    return this.queue.filter((row) => position !== null && row.rings_at.includes(position));
  }

  /** Whether private calls have all of these radios: none is keyed for a talkgroup then. */
  holds(links: readonly string[]): boolean {
    const busy = new Set(this.list.filter((row) => row.state !== 'ringing').map((row) => row.link));
    return links.length > 0 && links.every((link) => busy.has(link));
  }

  /** Missed, and nobody called back. */
  get open(): number {
    return this.missed.filter((row) => !row.called_back_by).length;
  }

  /** What a private line is called on the on-air bar; empty for a talkgroup. */
  name(target: string | null): string {
    if (!target || !isPrivate(target)) return '';
    const call = this.byLine(target);
    return call ? `call with ${partyName(call)}` : 'private call';
  }

  /** Take an event; returns words when a call of this position ended. */
  take(envelope: Envelope, position: string | null): string {
    const data = envelope.data;
    const id = String(data['call']);
    switch (envelope.type) {
      case 'individual.ringing':
      case 'individual.dialled':
        this.#begin(envelope);
        return '';
      case 'individual.ended':
        return this.#end(id, data, position);
      case 'individual.missed':
        this.#miss(id, envelope);
        return '';
      default:
        this.#change(id, envelope);
        return '';
    }
  }

  #begin(envelope: Envelope): void {
    const data = envelope.data as unknown as PrivateCall & { caller?: string; called?: string };
    const incoming = envelope.type === 'individual.ringing';
    const row: PrivateCall = {
      ...data,
      incoming,
      other: (incoming ? data.caller : data.called) ?? null,
      direct: incoming && data.direct,
      queue_priority: incoming ? data.queue_priority : 0,
      encrypted: incoming && data.encrypted,
      rings_at: incoming ? data.rings_at : [],
      position: incoming ? null : data.position,
      operator: incoming ? '' : data.operator,
      state: incoming ? 'ringing' : 'dialling',
      progress: '',
      talker: '',
      started_utc: envelope.t_utc,
      connected_utc: null,
      ended_utc: null,
      cause: '',
      called_back_by: '',
    };
    this.list = [...this.list.filter((one) => one.call !== row.call), row];
    if (incoming) return;
    for (const one of this.missed) {
      if (one.other === row.other && one.digits === row.digits) one.called_back_by ||= row.operator;
    }
  }

  #change(id: string, envelope: Envelope): void {
    const row = this.find(id);
    const data = envelope.data;
    if (!row) return;
    switch (envelope.type) {
      case 'individual.passed_on':
      case 'individual.declined':
        row.rings_at = data['rings_at'] as string[];
        break;
      case 'individual.progressed':
        row.progress = String(data['progress']);
        break;
      case 'individual.answered':
        row.state = 'taken';
        row.position = String(data['position']);
        row.operator = String(data['operator']);
        break;
      case 'individual.connected':
        row.state = 'connected';
        row.connected_utc = envelope.t_utc;
        row.encrypted = data['encrypted'] === true;
        break;
      case 'individual.talker_changed':
        row.talker = String(data['talker']);
        break;
    }
  }

  #miss(id: string, envelope: Envelope): void {
    const row = this.find(id);
    if (!row) return;
    const missed: PrivateCall = {
      ...$state.snapshot(row),
      state: 'missed',
      ended_utc: envelope.t_utc,
      cause: String(envelope.data['reason']),
    };
    this.missed = [missed, ...this.missed].slice(0, MISSED_KEPT);
  }

  #end(id: string, data: Record<string, unknown>, position: string | null): string {
    const row = this.find(id);
    this.list = this.list.filter((one) => one.call !== id);
    if (!row || row.position === null || row.position !== position) return '';
    return endWords(partyName(row), String(data['outcome']), String(data['cause']));
  }
}
