/** One list on its way into a draft: what was asked, how far the server is, and what it found. */

import { sentence } from '../api/client';
import { listsApi, type ListKind, type ListReport, type ListWish } from '../api/lists';
import type { DraftHead } from '../api/plans';

const LOOK_EVERY_MS = 300;
const STAGES: Record<string, string> = {
  waiting: 'Waits for other imports', 'taking apart': 'Taking the file apart', reading: 'Reading rows', comparing: 'Comparing', writing: 'Writing the report',
};

export type Policy = 'keep' | 'merge' | 'update' | 'add' | 'replace';

export class ListImport {
  file: File | null = $state.raw(null);
  system = $state('');
  kind = $state<ListKind>('talkgroups');
  format = $state('');
  policy = $state<Policy>('keep');
  mapping: Record<string, string> | null = $state.raw(null);
  save = $state(true);
  report: ListReport | null = $state.raw(null);
  trouble = $state('');
  busy = $state(false);
  /** What is done now, in words; share 0 to 1, or null where nobody knows. */
  progress: { words: string; share: number | null } = $state({ words: '', share: null });
  #job = '';
  /** Something was changed while the server looked: it looks again. */
  #again = false;
  #end: AbortController | null = null;

  #wish(): ListWish | null {
    const { file, system, kind, format, policy, mapping, save } = this;
    return file ? { file, system, kind, format, policy, mapping, save } : null;
  }

  /** Read the list beside a draft; true when there is a report of what is wished now. */
  async look(draft: string): Promise<boolean> {
    if (this.busy) {
      this.#again = true;
      return false;
    }
    let done = false;
    do {
      this.#again = false;
      done = await this.#run(async (wish, job, sent) => {
        this.report = await listsApi.look(draft, wish, job, sent);
      });
    } while (this.#again && done);
    return done;
  }

  /** Put the list into a draft. */
  async take(draft: string, revision: number): Promise<DraftHead | null> {
    let head: DraftHead | null = null;
    await this.#run(async (wish, job, sent) => {
      head = await listsApi.take(draft, wish, revision, job, sent);
    });
    return head;
  }

  /** End what runs; nothing is changed by it. */
  async cancel(): Promise<void> {
    const job = this.#job;
    this.#again = false;
    if (!this.busy || !job) return;
    await listsApi.endImport(job).catch(() => undefined); // not yet there: the upload is what ends
    this.#end?.abort();
  }

  clear(): void {
    void this.cancel();
    this.report = null;
    this.mapping = null;
    this.format = '';
    this.trouble = '';
  }

  async #run(work: (wish: ListWish, job: string, sent: { onsent: (share: number) => void; signal: AbortSignal }) => Promise<void>): Promise<boolean> {
    const wish = this.#wish();
    if (!wish || this.busy) return false;
    this.busy = true;
    this.#job = crypto.randomUUID();
    this.#end = new AbortController();
    this.progress = { words: 'Sending the file', share: 0 };
    const timer = setInterval(() => void this.#watch(this.#job), LOOK_EVERY_MS);
    try {
      await work(wish, this.#job, { onsent: (share) => (this.progress = { words: 'Sending the file', share }), signal: this.#end.signal });
      this.trouble = '';
      return true;
    } catch (error) {
      this.trouble = sentence(error);
      return false;
    } finally {
      clearInterval(timer);
      this.busy = false;
      this.#job = '';
    }
  }

  async #watch(job: string): Promise<void> {
    const told = await listsApi.importProgress(job).catch(() => null);
    if (!told?.stage || job !== this.#job) return;
    const words = STAGES[told.stage] ?? told.stage;
    const of = told.total > 0 ? `, ${told.done} of ${told.total}` : told.done > 0 ? `, ${told.done}` : '';
    this.progress = { words: words + of, share: told.total > 0 ? told.done / told.total : null };
  }
}
