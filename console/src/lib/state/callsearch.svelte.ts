/** Found calls, page by page: the search is the caller's, the rows are kept here. */

import { auditdesk, type FoundCall, type FoundCalls } from '../api/auditdesk';
import { sentence } from '../api/client';
import { toApi, type Search } from '../search';

const PAGE = 50;
/** Rows that a page still shows at once; further ones need a narrower search. */
export const MOST_ROWS = 2_000;

export class CallSearch {
  rows: FoundCall[] = $state.raw([]);
  total = $state(0);
  totalMore = $state(false);
  busy = $state(false);
  ran = $state(false);
  trouble = $state('');
  #search: Search | null = null;
  #cursor: string | number | null = $state(null);
  /** Answers of an older search are not shown. */
  #turn = 0;

  constructor(private readonly ask: (query: ReturnType<typeof toApi>) => Promise<FoundCalls> = auditdesk.search) {}

  get full(): boolean {
    return this.rows.length >= MOST_ROWS;
  }

  /** Transmissions and their length, of the rows that are shown. */
  get transmissions(): number {
    return this.rows.reduce((sum, row) => sum + row.transmissions.length, 0);
  }

  get durationMs(): number {
    return this.rows.reduce((sum, row) => sum + (row.duration_ms ?? 0), 0);
  }

  get hasMore(): boolean {
    return this.#cursor !== null && !this.full;
  }

  async run(search: Search): Promise<void> {
    this.#search = search;
    this.#cursor = null;
    this.rows = [];
    await this.#load(++this.#turn);
  }

  /** The next page; nothing while one is under way. */
  async more(): Promise<void> {
    if (this.busy || !this.hasMore) return;
    await this.#load(this.#turn);
  }

  async #load(turn: number): Promise<void> {
    const search = this.#search;
    if (!search) return;
    this.busy = true;
    this.trouble = '';
    try {
      const before = this.#cursor;
      const answer = await this.ask({ ...toApi(search), limit: PAGE, ...(before === null ? {} : { before }) });
      if (turn !== this.#turn) return;
      this.#take(answer, before === null);
    } catch (error) {
      if (turn === this.#turn) this.trouble = sentence(error);
    }
    if (turn === this.#turn) {
      this.busy = false;
      this.ran = true;
    }
  }

  #take(answer: FoundCalls, first: boolean): void {
    const known = new Set(this.rows.map((row) => row.id));
    const fresh = answer.calls.filter((row) => !known.has(row.id));
    this.rows = [...this.rows, ...fresh];
    if (first) {
      this.total = answer.total;
      this.totalMore = answer.total_more ?? false;
    }
    const last = answer.calls.at(-1);
    const next = answer.cursor === undefined ? (last?.started_utc ?? null) : answer.cursor;
    this.#cursor = answer.calls.length < PAGE || fresh.length === 0 ? null : next;
  }
}
