/** What plans changed for the own position, until somebody there says that it was seen. */

import { layoutsApi, type PlanNotice } from '../api/layouts';
import type { Envelope } from '../api/types';

export class PlanChanges {
  list: PlanNotice[] = $state.raw([]);
  busy = $state(false);
  /** The position that was asked for: what it had then is not told as new. */
  #known: string | null = null;

  /** How many lines there are to be read. */
  get lines(): number {
    return this.list.reduce((sum, one) => sum + one.lines.length, 0);
  }

  /** Ask what there is; returns words when there is more than before. */
  async load(position: string | null): Promise<string> {
    if (!position) {
      this.list = [];
      this.#known = null;
      return '';
    }
    const before = this.#known === position ? this.lines : null;
    try {
      this.list = await layoutsApi.notices();
    } catch {
      return ''; // it is asked again with the next event, and what is shown stays
    }
    this.#known = position;
    const more = before === null ? 0 : this.lines - before;
    return more > 0 ? `Plan ${this.list[0]?.plan ?? ''} changed ${more} ${more === 1 ? 'thing' : 'things'} at this position` : '';
  }

  /** Take an event in; returns words when something new is to be told. */
  async take(envelope: Envelope, position: string | null): Promise<string> {
    const { type, data } = envelope;
    const mine =
      (type === 'plan.notice_seen' && data['position'] === position) ||
      (type === 'plan.noticed' && position !== null && (data['positions'] as string[]).includes(position));
    return mine ? this.load(position) : '';
  }

  async seen(): Promise<void> {
    const [newest] = this.list;
    if (!newest) return;
    this.busy = true;
    try {
      await layoutsApi.seen(newest.id);
      this.list = [];
    } finally {
      this.busy = false;
    }
  }
}
