/** Open incidents; details are asked for when one is opened, and again when it changes. */

import { api, sentence } from '../api/client';
import type { Envelope, Incident, IncidentRow } from '../api/types';
import { byPriority } from '../incidents';

const SOON_MS = 300;
const LIST_MS = 1_000;

/**
 * Only an alert, and a claim that people confirmed, makes a noise: an incident that opens as an
 * alert or becomes one. An exercise, a storm and everything else is silent.
 */
export function isNoisy(envelope: Envelope): boolean {
  const { data, type } = envelope;
  if (data['exercise'] === true || data['storm'] === true) return false;
  if (type === 'incident.updated' && data['what'] === 'claim_confirmed') return true;
  const now = type === 'incident.opened' || (type === 'incident.updated' && data['what'] === 'severity');
  return now && data['severity'] === 'alert';
}

export class Incidents {
  list: IncidentRow[] = $state([]);
  open: Incident | null = $state(null);
  trouble = $state('');
  /** Counts up when a camera went off or on line: lists of cameras are asked for again. */
  camerasChanged = $state(0);
  /** By priority, then newest first; the strip keeps the newest first. */
  readonly byPriority = $derived([...this.list].sort(byPriority));
  #wanted: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listTimer: ReturnType<typeof setTimeout> | undefined;

  load(rows: IncidentRow[]): void {
    this.#sort(rows);
    if (this.#wanted) void this.#fetch();
  }

  /** Show an incident; null closes the panel. */
  show(id: string | null): void {
    this.#wanted = id;
    if (this.open?.id !== id) this.open = null;
    if (id) void this.#fetch();
  }

  reload(): Promise<void> {
    return this.#fetch();
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    const id = String(data['incident'] ?? '');
    switch (envelope.type) {
      case 'incident.opened':
        if (!this.list.some((row) => row.id === id)) {
          const owner_name = String(data['owner'] ?? '');
          this.list.unshift({ ...(data as unknown as IncidentRow), id, owner: '', owner_name });
          this.#listSoon();
        }
        break;
      case 'incident.updated':
        this.#updated(id, data);
        break;
      case 'incident.merged':
        if (data['undone'] === true) this.#listSoon();
        else this.list = this.list.filter((row) => row.id !== id);
        break;
      case 'incident.split':
        this.#listSoon();
        break;
      case 'source.changed':
        if (data['camera']) this.camerasChanged += 1;
        return;
      default:
        return;
    }
    if (id === this.#wanted || data['into'] === this.#wanted) this.#soon();
  }

  #updated(id: string, data: Record<string, unknown>): void {
    if (data['state'] === 'closed' || data['state'] === 'merged') {
      this.list = this.list.filter((row) => row.id !== id);
      return;
    }
    const row = this.list.find((one) => one.id === id);
    if (!row) {
      this.#listSoon(); // opened again, or seen only now
      return;
    }
    row.title = String(data['title'] ?? '') || row.title;
    row.severity = String(data['severity'] ?? '') || row.severity;
    row.state = String(data['state'] ?? '') || row.state;
    row.priority = Number(data['priority'] ?? 0) || row.priority || 3;
    row.owner_name = String(data['owner'] ?? '');
    row.exercise = data['exercise'] === true;
    this.#listSoon();
  }

  /** At most one fetch each `SOON_MS`, however many events a camera sends. */
  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#fetch();
    }, SOON_MS);
  }

  /** The counts of the list come from the server; they are asked for once a second at most. */
  #listSoon(): void {
    this.#listTimer ??= setTimeout(() => {
      this.#listTimer = undefined;
      void api
        .incidents({ state: 'open' })
        .then((rows) => this.#sort(rows))
        .catch(() => undefined);
    }, LIST_MS);
  }

  #sort(rows: IncidentRow[]): void {
    this.list = [...rows].sort((a, b) => b.opened_utc - a.opened_utc);
  }

  async #fetch(): Promise<void> {
    const id = this.#wanted;
    if (!id) return;
    try {
      const incident = await api.incident(id);
      if (this.#wanted !== id) return;
      this.open = incident;
      this.trouble = '';
    } catch (error) {
      this.trouble = sentence(error);
    }
  }
}
