/** A page that looks at the server again and again, and does things that it then looks at. */

import { sentence } from '../api/client';
import { Busy } from './busy.svelte';

export class Polled extends Busy {
  /** `load` asks the server and takes what it says. */
  constructor(private readonly load: () => Promise<void>) {
    super();
  }

  async look(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.trouble = sentence(error);
    }
  }

  /** Look now and every so often; returns what ends it. */
  watch(everyMs: number): () => void {
    void this.look();
    const timer = setInterval(() => void this.look(), everyMs);
    return () => clearInterval(timer);
  }

  /** Do something, and look at once what came of it; says whether it went well. */
  override async attempt(work: () => Promise<unknown>): Promise<boolean> {
    const well = await super.attempt(work);
    void this.look();
    return well;
  }
}
