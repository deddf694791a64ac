/** What the engineer's page of links asks for every other second, while somebody looks. */

import { SvelteMap } from 'svelte/reactivity';
import { sentence } from '../api/client';
import { linksApi, type LinkLive, type Trace } from '../api/links';

const LOOK_MS = 2_000;

export class LinksLive {
  readonly byId = new SvelteMap<string, LinkLive>();
  traces: Trace[] = $state.raw([]);
  trouble = $state('');

  of(link: string): LinkLive | undefined {
    return this.byId.get(link);
  }

  async load(): Promise<void> {
    try {
      const rows = await linksApi.live();
      const ended = [...this.byId.values()].some((one) => one.trace && !rows.find((row) => row.id === one.id)?.trace);
      for (const row of rows) this.byId.set(row.id, row);
      this.trouble = '';
      if (ended) await this.loadTraces();
    } catch (error) {
      this.trouble = sentence(error);
    }
  }

  async loadTraces(): Promise<void> {
    try {
      this.traces = await linksApi.traces();
    } catch (error) {
      this.trouble = sentence(error);
    }
  }

  /** Ask now and again until the returned function is called; a hidden page asks for nothing. */
  watch(): () => void {
    void this.load();
    const timer = setInterval(() => {
      if (!document.hidden) void this.load();
    }, LOOK_MS);
    return () => clearInterval(timer);
  }
}
