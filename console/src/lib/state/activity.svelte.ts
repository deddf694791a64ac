/** One row per transmission, newest first, and which of them nobody at this desk heard. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Envelope, Transmission } from '../api/types';

const KEPT = 200;
const HEARD_SHARE = 0.5;
const KEY = 'samband.unheard';

/** Ids kept for this tab, so that a reload does not make them heard. */
function keptUnheard(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.map(String) : [];
  } catch {
    return [];
  }
}

interface Listening {
  total: number;
  missed: number;
}

export class Activity {
  list: Transmission[] = $state([]);
  readonly unheard = new SvelteSet<string>(keptUnheard());
  readonly #listening = new Map<string, Listening>();
  readonly live = new SvelteMap<string, Transmission>();

  load(rows: Transmission[]): void {
    this.list = [...rows].sort((a, b) => b.started_utc - a.started_utc);
    this.live.clear();
    for (const row of this.list) if (row.ended_utc === null) this.live.set(row.id, row);
    const known = new Set(this.list.map((row) => row.id));
    for (const id of this.unheard) if (!known.has(id)) this.unheard.delete(id);
    this.#keep();
  }

  #keep(): void {
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...this.unheard]));
    } catch {
      // Private windows may refuse: then the dots last until reload.
    }
  }

  find(id: string): Transmission | undefined {
    return this.list.find((row) => row.id === id);
  }

  of(talkgroup: string, most: number): Transmission[] {
    const rows: Transmission[] = [];
    for (const row of this.list) {
      if (row.talkgroup === talkgroup && rows.push(row) >= most) break;
    }
    return rows;
  }

  /** The newest over that ended and has a call: what `N` and `I` work on. */
  get last(): Transmission | undefined {
    return this.list.find((row) => row.call);
  }

  /** Called while sound runs: was this over audible at full level for the last `millis`? */
  heardFor(id: string, millis: number, audible: boolean): void {
    const entry = this.#listening.get(id) ?? { total: 0, missed: 0 };
    entry.total += millis;
    if (!audible) entry.missed += millis;
    this.#listening.set(id, entry);
  }

  played(id: string): void {
    this.unheard.delete(id);
    this.#keep();
  }

  take(envelope: Envelope, ownPosition: string | null): void {
    const data = envelope.data;
    switch (envelope.type) {
      case 'transmission.started':
        this.#start(envelope);
        break;
      case 'transmission.updated': {
        const row = this.find(String(data['transmission']));
        if (row) {
          row.talker = (data['talker'] as string | null) ?? row.talker;
          row.alias = String(data['alias'] ?? '') || row.alias;
          row.emergency ||= data['emergency'] === true;
          row.exercise = row.exercise === true && data['exercise'] === true;
          row.encrypted = data['encrypted'] === true;
          row.readable = data['readable'] !== false;
          row.algorithm = (data['algorithm'] as number | null | undefined) ?? null;
          row.key_id = (data['key_id'] as number | null | undefined) ?? null;
        }
        break;
      }
      case 'transmission.ended':
        this.#end(envelope, ownPosition);
        break;
      case 'recording.closed': {
        const row = this.find(String(data['transmission']));
        if (row) row.has_sound = true;
        break;
      }
      case 'recording.failed': {
        const row = this.find(String(data['transmission']));
        if (row) row.has_sound = false;
        break;
      }
      case 'floor.refused':
        this.#refused(envelope);
        break;
    }
  }

  #start(envelope: Envelope): void {
    const data = envelope.data;
    const id = String(data['transmission']);
    if (this.find(id)) return;
    const row: Transmission = {
      ...(data as unknown as Transmission),
      via: String(data['patch_label'] ?? ''),
      id,
      started_utc: envelope.t_utc,
      ended_utc: null,
      duration_ms: null,
      cause: '',
      has_sound: false,
      refused: null,
    };
    this.list.unshift(row);
    const own = this.list[0];
    if (own) this.live.set(id, own);
    if (this.list.length > KEPT) this.list.length = KEPT;
  }

  #end(envelope: Envelope, ownPosition: string | null): void {
    const id = String(envelope.data['transmission']);
    this.live.delete(id);
    const row = this.find(id);
    if (!row) return;
    row.ended_utc = envelope.t_utc;
    row.duration_ms = Number(envelope.data['duration_ms']);
    row.cause = String(envelope.data['cause'] ?? '');
    row.emergency ||= envelope.data['emergency'] === true;
    row.bit_error_rate = (envelope.data['bit_error_rate'] as number | null | undefined) ?? null;
    const ears = this.#listening.get(id);
    this.#listening.delete(id);
    const own = row.position !== null && row.position === ownPosition;
    const passedOn = row.source ? this.find(row.source) !== undefined : false;
    if (!own && !passedOn && row.readable && ears && ears.total > 0 && ears.missed / ears.total > HEARD_SHARE) {
      this.unheard.add(id);
      this.#keep();
    }
  }

  #refused(envelope: Envelope): void {
    const data = envelope.data;
    this.list.unshift({
      id: String(data['request']),
      call: null,
      talkgroup: String(data['talkgroup']),
      talker: null,
      alias: '',
      position: String(data['position']),
      operator: '',
      started_utc: envelope.t_utc,
      ended_utc: envelope.t_utc,
      duration_ms: Number(data['discarded_ms'] ?? 0),
      emergency: false,
      encrypted: false,
      readable: true,
      late_entry: false,
      cause: data['not_sent'] === true ? 'not_sent' : 'refused',
      has_sound: false,
      refused: String(data['reason'] ?? ''),
    });
    if (this.list.length > KEPT) this.list.length = KEPT;
  }
}
