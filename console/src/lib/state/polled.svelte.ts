/** A page that looks at the server again and again, and does things that it then looks at. */

import { sentence } from '../api/client';

export class Polled {
  /** What went wrong last, in words; the page says where it stands and when it goes. */
  trouble = $state('');
  /** Something is being done: nothing else may be begun. */
  busy = $state(false);

  /** `load` asks the server and takes what it says. */
  constructor(private readonly load: () => Promise<void>) {}

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
  async attempt(work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    try {
      await work();
      this.trouble = '';
      return true;
    } catch (error) {
      this.trouble = sentence(error);
      return false;
    } finally {
      this.busy = false;
      void this.look();
    }
  }
}
