/** One thing is done at a time, and what went wrong with the last stands in words. */

import { sentence } from '../api/client';

export class Busy {
  /** What went wrong last, in words; the page says where it stands and when it goes. */
  trouble = $state('');
  /** Something is being done: nothing else may be begun. */
  busy = $state(false);

  /** Do something; says whether it went well. */
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
    }
  }
}
