/** Broken glass as supervisors hear of it: each notice stays until somebody has read it. */

import type { BrokenGlass } from '../api/oversight';
import type { Envelope } from '../api/types';
import { hourMinute } from '../words';

export interface GlassNotice {
  id: string;
  words: string;
}

interface Broken {
  id: string;
  name: string;
  kind: string;
  scope: string;
  until_utc: number;
  reason: string;
}

export class GlassNotices {
  list: GlassNotice[] = $state.raw([]);
  /** Shown once: from the stream at a position, from the list without one. */
  #known = new Set<string>();

  take(envelope: Envelope, own: string | undefined): void {
    if (envelope.type !== 'glass.broken' || envelope.data['user'] === own) return;
    const { data } = envelope;
    this.#show({
      id: String(data['glass']),
      name: String(data['operator']),
      kind: String(data['scope_kind']),
      scope: String(data['scope']),
      until_utc: Number(data['until_utc']),
      reason: String(data['words']),
    });
  }

  /** What stands now, for who sits at no position and has no stream. */
  standing(rows: BrokenGlass[], own: string | undefined, now_utc: number): void {
    for (const row of rows) {
      if (row.name !== own && row.until_utc > now_utc) this.#show({ ...row, kind: row.scope_kind });
    }
  }

  #show(one: Broken): void {
    if (this.#known.has(one.id)) return;
    this.#known.add(one.id);
    const what = one.kind === 'folder' ? 'talkgroups of' : 'cameras of';
    const words = `${one.name} broke the glass for ${what} ${one.scope}, until ${hourMinute(one.until_utc)}: ${one.reason}`;
    this.list = [...this.list, { id: one.id, words }];
  }

  read(id: string): void {
    this.list = this.list.filter((one) => one.id !== id);
  }
}

export const glass = new GlassNotices();
