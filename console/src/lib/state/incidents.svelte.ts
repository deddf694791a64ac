/** Open incidents; details are asked for when one is opened, and again when it changes. */

import { api, sentence } from '../api/client';
import type { Envelope, Incident, IncidentRow } from '../api/types';

const SOON_MS = 300;
const LIST_MS = 1_000;

export class Incidents {
  list: IncidentRow[] = $state([]);
  open: Incident | null = $state(null);
  trouble = $state('');
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
          this.list.unshift({ ...(data as unknown as IncidentRow), id });
        }
        break;
      case 'incident.updated':
        this.#updated(id, data);
        break;
      case 'incident.merged':
        this.list = this.list.filter((row) => row.id !== id);
        break;
      default:
        return;
    }
    if (id === this.#wanted || data['into'] === this.#wanted) this.#soon();
  }

  #updated(id: string, data: Record<string, unknown>): void {
    if (data['state'] === 'closed') {
      this.list = this.list.filter((row) => row.id !== id);
      return;
    }
    const row = this.list.find((one) => one.id === id);
    if (!row) return;
    row.title = String(data['title'] ?? '') || row.title;
    row.severity = String(data['severity'] ?? '') || row.severity;
    row.state = String(data['state'] ?? '') || row.state;
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
