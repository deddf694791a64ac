/** Units with status, place and when they were last heard. */

import { SvelteMap } from 'svelte/reactivity';
import type { Envelope, UnitInfo } from '../api/types';

const ORDER: Record<string, number> = { emergency: 0, urgent_request: 1, request: 2 };

/** Emergency first, then who wants to talk, then by status; equal ones by alias. */
export function byUrgency(a: UnitInfo, b: UnitInfo): number {
  const rank = (unit: UnitInfo): number => ORDER[unit.status?.kind ?? ''] ?? 3;
  const known = (unit: UnitInfo): number => (unit.status ? 0 : 1);
  return rank(a) - rank(b) || known(a) - known(b) || a.alias.localeCompare(b.alias, 'sv');
}

export class Units {
  readonly byId = new SvelteMap<string, UnitInfo>();

  load(rows: UnitInfo[]): void {
    this.byId.clear();
    for (const row of rows) this.byId.set(row.id, row);
  }

  get sorted(): UnitInfo[] {
    return [...this.byId.values()].sort(byUrgency);
  }

  /** Alias, else the number; `Unknown unit` for nobody. */
  name(id: string | null | undefined): string {
    if (!id) return 'Unknown unit';
    return this.byId.get(id)?.alias || (id.split('/')[1] ?? id);
  }

  /** A radio confirmed that it is out of service, or (null) back in it. */
  inhibited(id: string, since: number | null): void {
    this.#change(id, { inhibited_utc: since });
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    switch (envelope.type) {
      case 'unit.status_set':
        this.#change(data['unit'], {
          status: {
            value: Number(data['value']),
            digit: String(data['digit'] ?? ''),
            words: String(data['words'] ?? ''),
            kind: String(data['kind'] ?? 'other'),
            t_utc: envelope.t_utc,
          },
          last_heard_utc: envelope.t_utc,
        });
        break;
      case 'unit.positioned':
        this.#change(data['unit'], {
          position: {
            latitude_deg: Number(data['latitude_deg']),
            longitude_deg: Number(data['longitude_deg']),
            error_m: (data['error_m'] as number | null) ?? null,
            age_s: (data['age_s'] as number | null) ?? null,
            t_utc: envelope.t_utc,
          },
          last_heard_utc: envelope.t_utc,
        });
        break;
      case 'transmission.started':
        this.#change(data['talker'], { last_heard_utc: envelope.t_utc });
        break;
      case 'message.received':
        this.#change(data['sender'], { last_heard_utc: envelope.t_utc });
        break;
    }
  }

  #change(id: unknown, fields: Partial<UnitInfo>): void {
    if (typeof id !== 'string') return;
    const old = this.byId.get(id);
    const base: UnitInfo = old ?? {
      id,
      number: Number(id.split('/')[1] ?? 0),
      alias: '',
      kind: '',
      agency_kind: 'misc',
      talkgroup: null,
      status: null,
      position: null,
      last_heard_utc: null,
    };
    this.byId.set(id, { ...base, ...fields });
  }
}
