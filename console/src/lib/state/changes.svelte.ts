/** What plans changed for the own position, until somebody there says that it was seen. */

import { layoutsApi, type PlanNotice } from '../api/layouts';
import type { Envelope } from '../api/types';

export class PlanChanges {
  list: PlanNotice[] = $state.raw([]);
  busy = $state(false);

  /** How many lines there are to be read. */
  get lines(): number {
    return this.list.reduce((sum, one) => sum + one.lines.length, 0);
  }

  async load(position: string | null): Promise<void> {
    if (!position) {
      this.list = [];
      return;
    }
    try {
      this.list = await layoutsApi.notices();
    } catch {
      return; // it is asked again with the next event, and what is shown stays
    }
  }

  /** Returns words when something new is to be told. */
  async take(envelope: Envelope, position: string | null): Promise<string> {
    const { type, data } = envelope;
    if (type === 'plan.notice_seen' && data['position'] === position) await this.load(position);
    if (type !== 'plan.noticed' || !position) return '';
    if (!(data['positions'] as string[]).includes(position)) return '';
    const before = this.lines;
    await this.load(position);
    const more = this.lines - before;
    return more > 0 ? `Plan ${String(data['plan'])} changed ${more} ${more === 1 ? 'thing' : 'things'} at this position` : '';
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
