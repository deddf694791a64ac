/** What is on the lanes: the answer of the server, waveforms as they come into view, marks. */

import { auditdesk, type LaneItem, type LaneRow, type MarkRow } from '../api/auditdesk';
import { api, sentence } from '../api/client';
import type { LaneQuery } from '../lanes/address';
import type { Track } from '../lanes/engine.svelte';

const PEAKS_AT_ONCE = 3;
const API = '/api/v1';

export const GROUPS: readonly { name: string; kinds: readonly string[] }[] = [
  { name: 'Talkgroups', kinds: ['talkgroup'] },
  { name: 'Units and cameras', kinds: ['unit', 'camera'] },
  { name: 'Written', kinds: ['written', 'incident', 'operator'] },
];

/** Key of a lane: ids of different kinds may be equal. */
export const laneKey = (lane: Pick<LaneRow, 'kind' | 'id'>): string => `${lane.kind} ${lane.id}`;

/** End of an item on the clock: one that has none is a moment. */
export const endOf = (item: LaneItem): number => item.to_utc ?? item.from_utc;

export const isGap = (item: LaneItem): boolean => item.gap;

export const plays = (item: LaneItem): boolean => item.has_sound && item.readable && item.play_url !== null;

/** Path behind the API's base, as the client wants it. */
export const apiPath = (url: string): string => (url.startsWith(API) ? url.slice(API.length) : url);

export class Lanes {
  rows: LaneRow[] = $state.raw([]);
  from = $state(0);
  to = $state(0);
  driftMs: number | null = $state(null);
  marks: MarkRow[] = $state.raw([]);
  peaks: Record<string, number[]> = $state({});
  busy = $state(false);
  loaded = $state(false);
  trouble = $state('');
  #turn = 0;
  #wanted: { id: string; url: string }[] = [];
  #asked = new Set<string>();
  #running = 0;

  /** Lanes in groups, in the order of the server. */
  get groups(): { name: string; rows: LaneRow[] }[] {
    return GROUPS.map((group) => ({ name: group.name, rows: this.rows.filter((row) => group.kinds.includes(row.kind)) })).filter(
      (group) => group.rows.length > 0,
    );
  }

  /** What can be heard. An over may be on its talkgroup's lane and on its unit's: it sounds once. */
  get tracks(): Track[] {
    const found = new Map<string, Track & { lanes: string[] }>();
    for (const row of this.rows) {
      if (row.kind === 'camera') continue;
      for (const item of row.items) {
        if (!plays(item) || item.to_utc === null) continue;
        const known = found.get(item.id);
        if (known) known.lanes.push(laneKey(row));
        else found.set(item.id, { id: item.id, from: item.from_utc, to: item.to_utc, lanes: [laneKey(row)], url: apiPath(item.play_url ?? '') });
      }
    }
    return [...found.values()];
  }

  /** Every item with its lane, in order of time: what a reader hears instead of the lanes. */
  get everything(): { lane: LaneRow; item: LaneItem }[] {
    return this.rows
      .flatMap((lane) => lane.items.map((item) => ({ lane, item })))
      .sort((a, b) => a.item.from_utc - b.item.from_utc);
  }

  async load(query: LaneQuery): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    this.trouble = '';
    try {
      const window = query.from > 0 ? query : await this.#ofIncident(query);
      const { from, to, talkgroup, unit, camera, incident } = window;
      const answer = await auditdesk.lanes({ from_utc: Math.round(from), to_utc: Math.round(to), talkgroup, unit, camera, incident });
      if (turn !== this.#turn) return;
      this.rows = answer.lanes;
      this.from = answer.from_utc;
      this.to = answer.to_utc;
      this.driftMs = answer.drift_max_ms;
      this.loaded = true;
      await this.readMarks();
    } catch (error) {
      if (turn === this.#turn) this.trouble = sentence(error);
    }
    if (turn === this.#turn) this.busy = false;
  }

  /** An incident tells its own time: from a minute before it began to its end, two hours at most. */
  async #ofIncident(query: LaneQuery): Promise<LaneQuery> {
    if (!query.incident) throw new Error('Lanes need a time: open them from a search, a call or an incident');
    const { opened_utc: opened, closed_utc: closed } = await api.incident(query.incident);
    const from = opened - 60_000_000;
    const most = from + 2 * 3_600_000_000;
    return { ...query, from, to: Math.min(closed ?? most, most) };
  }

  async readMarks(): Promise<void> {
    this.marks = await auditdesk.marks(this.from, this.to);
  }

  async mark(at: number, text: string): Promise<void> {
    const talkgroups = this.rows.filter((row) => row.kind === 'talkgroup').map((row) => row.id);
    await auditdesk.setMark(Math.round(at), text, talkgroups);
    await this.readMarks();
  }

  async withdraw(mark: string): Promise<void> {
    await auditdesk.withdrawMark(mark);
    await this.readMarks();
  }

  /** Ask for the waveform of an item that came into view, a few at a time. */
  want(item: LaneItem): void {
    if (!item.peaks_url || this.#asked.has(item.id)) return;
    this.#asked.add(item.id);
    this.#wanted.push({ id: item.id, url: apiPath(item.peaks_url) });
    this.#next();
  }

  #next(): void {
    while (this.#running < PEAKS_AT_ONCE) {
      const next = this.#wanted.shift();
      if (!next) return;
      this.#running += 1;
      void api
        .get<{ peaks: number[] }>(next.url)
        .then((answer) => (this.peaks[next.id] = answer.peaks))
        .catch(() => undefined)
        .finally(() => {
          this.#running -= 1;
          this.#next();
        });
    }
  }
}
