/** Units with status, place and when they were last heard. */

import { SvelteMap } from 'svelte/reactivity';
import { api } from '../api/client';
import type { Envelope, UnitInfo } from '../api/types';
import { unpack, type Packed } from '../packed';

const collator = new Intl.Collator('sv');
const ORDER: Record<string, number> = { emergency: 0, urgent_request: 1, request: 2 };

/** Emergency first, then who wants to talk, then by status; equal ones by alias. */
export function byUrgency(a: UnitInfo, b: UnitInfo): number {
  const rank = (unit: UnitInfo): number => ORDER[unit.status?.kind ?? ''] ?? 3;
  const known = (unit: UnitInfo): number => (unit.status ? 0 : 1);
  return rank(a) - rank(b) || known(a) - known(b) || collator.compare(a.alias, b.alias);
}

type PlannedRow = Pick<UnitInfo, 'id' | 'alias' | 'kind' | 'agency_kind' | 'talkgroup'>;
type Ask = (known: string) => Promise<{ mark: string; tables: Packed[] } | undefined>;

/** Units that a list shows at once; the others are found by name or number. */
export const SHOWN = 500;
const RETRY_MS = [1_000, 3_000, 10_000, 30_000];

/** Units of which something is known now, before the plan's: a hundred thousand of those never change one by one. */
class UnitMap {
  readonly #known = new SvelteMap<string, UnitInfo>();
  #planned: ReadonlyMap<string, UnitInfo> = $state.raw(new Map());

  load(rows: readonly UnitInfo[]): void {
    this.#known.clear();
    for (const row of rows) this.#known.set(row.id, row);
  }

  plan(rows: UnitInfo[]): void {
    rows.sort((a, b) => collator.compare(a.alias, b.alias)); // once: a hundred thousand take their time
    this.#planned = new Map(rows.map((row) => [row.id, row]));
  }

  get(id: string): UnitInfo | undefined {
    return this.#known.get(id) ?? this.#planned.get(id);
  }

  has(id: string): boolean {
    return this.#known.has(id) || this.#planned.has(id);
  }

  set(id: string, row: UnitInfo): void {
    this.#known.set(id, row);
  }

  /** Those of which something is known now: who was heard, has a status or a place. */
  known(): IterableIterator<UnitInfo> {
    return this.#known.values();
  }

  get size(): number {
    let more = 0;
    for (const id of this.#known.keys()) if (!this.#planned.has(id)) more += 1;
    return this.#planned.size + more;
  }

  /** The plan's of which nothing is known, by alias. */
  *quiet(): IterableIterator<UnitInfo> {
    for (const [id, row] of this.#planned) if (!this.#known.has(id)) yield row;
  }

  *values(): IterableIterator<UnitInfo> {
    for (const [id, row] of this.#planned) yield this.#known.get(id) ?? row;
    for (const [id, row] of this.#known) if (!this.#planned.has(id)) yield row;
  }
}

export class Units {
  readonly byId = new UnitMap();
  /** Stands for what the plan says of units, as this page has it. */
  #mark = '';
  #retry: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #expected: ReturnType<Ask> | undefined;

  constructor(private readonly ask: Ask = (known) => api.plannedUnits(known)) {}

  /** The head of a long snapshot is here: what the plan says is asked for while its rows come. */
  expect(): void {
    const answer = this.ask(this.#mark);
    answer.catch(() => undefined); // whoever waits for it hears of it
    this.#expected = answer;
  }

  /** Take a snapshot. With `planned` it has not what the plan says: that is asked for, and kept until it is another. */
  load(rows: UnitInfo[], planned = false): void {
    this.byId.load(rows);
    this.#round += 1;
    clearTimeout(this.#retry);
    if (planned) void this.#fetch(this.#round, 0);
    else this.#plan('', []);
    this.#expected = undefined;
  }

  /** Who signs in next may know other units. */
  forget(): void {
    this.load([]);
  }

  async #fetch(round: number, tries: number): Promise<void> {
    try {
      const found = await (this.#expected ?? this.ask(this.#mark));
      if (round !== this.#round || !found) return;
      const rows = found.tables.flatMap((table) => unpack<PlannedRow>(table));
      this.#plan(found.mark, rows.map(plannedUnit));
    } catch {
      if (round !== this.#round) return;
      const wait = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
      this.#retry = setTimeout(() => void this.#fetch(round, tries + 1), wait);
    }
  }

  #plan(mark: string, rows: UnitInfo[]): void {
    this.#mark = mark;
    this.byId.plan(rows);
  }

  /** Those whose alias or number has the text in it, the most urgent first, `most` at most. */
  find(text: string, most = SHOWN): UnitInfo[] {
    const wanted = text.trim().toLowerCase();
    const fits = (unit: UnitInfo): boolean =>
      wanted === '' || unit.alias.toLowerCase().includes(wanted) || String(unit.number).includes(wanted);
    const found = [...this.byId.known()].filter(fits).sort(byUrgency).slice(0, most);
    for (const unit of this.byId.quiet()) {
      if (found.length >= most) break;
      if (fits(unit)) found.push(unit);
    }
    return found;
  }

  /** All of which something is known, and of the others as many as a list shows. */
  some(most = SHOWN): UnitInfo[] {
    const found = [...this.byId.known()];
    for (const unit of this.byId.quiet()) {
      if (found.length >= most) break;
      found.push(unit);
    }
    return found;
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
    const base = old ?? plannedUnit({ id, alias: '', kind: '', agency_kind: 'misc', talkgroup: null });
    this.byId.set(id, { ...base, ...fields });
  }
}

/** A unit of which nothing is known but what the plan says. */
function plannedUnit(row: PlannedRow): UnitInfo {
  const number = Number(row.id.split('/')[1] ?? 0);
  return { ...row, number, status: null, position: null, last_heard_utc: null };
}
