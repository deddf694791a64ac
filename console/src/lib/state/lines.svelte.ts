/** The last 50 protocol lines of each link, for the engineer's page. */

import { SvelteMap } from 'svelte/reactivity';
import { api } from '../api/client';
import type { Envelope, ProtocolLine } from '../api/types';

const KEPT = 50;

export class LineTraces {
  readonly byLink = new SvelteMap<string, ProtocolLine[]>();

  of(link: string): ProtocolLine[] {
    return this.byLink.get(link) ?? [];
  }

  async load(link: string): Promise<void> {
    this.byLink.set(link, (await api.lines(link)).slice(-KEPT));
  }

  take(envelope: Envelope): void {
    if (envelope.type !== 'link.line_seen') return;
    const { data, t_utc } = envelope;
    const link = String(data['link']);
    const line: ProtocolLine = {
      t_utc,
      outgoing: data['outgoing'] === true,
      raw: String(data['raw'] ?? ''),
      words: String(data['words'] ?? ''),
      malformed: data['malformed'] === true,
    };
    this.byLink.set(link, [...this.of(link), line].slice(-KEPT));
  }
}
