/** The engineer's work: the live plan's state, one open draft, its check and its comparison. */

import { sentence } from '../api/client';
import { plansApi, type CheckReport, type Compared, type Draft, type DraftHead, type Edit, type PlanBody, type PlanState } from '../api/plans';

const OPEN_KEY = 'samband.draft';

export class Plans {
  state: PlanState | null = $state.raw(null);
  drafts: DraftHead[] = $state.raw([]);
  draft: Draft | null = $state.raw(null);
  live: PlanBody | null = $state.raw(null);
  report: CheckReport | null = $state.raw(null);
  compared: Compared | null = $state.raw(null);
  trouble = $state('');
  busy = $state(false);

  /** What the tables show: the draft, else the live plan. */
  get plan(): PlanBody | null {
    return this.draft?.plan ?? this.live;
  }

  get editable(): boolean {
    return this.draft?.state === 'open';
  }

  /** The check and the comparison are of exactly this draft. */
  get checked(): boolean {
    return this.draft !== null && this.report?.plan_sha256 === this.draft.sha256 && this.report.ok;
  }

  async load(): Promise<void> {
    await this.#do(async () => {
      [this.state, this.drafts] = await Promise.all([plansApi.state(), plansApi.drafts()]);
      if (this.state.number > 0) this.live = (await plansApi.plan(this.state.number)).plan;
      const wanted = this.draft?.id ?? sessionStorage.getItem(OPEN_KEY);
      const known = this.drafts.find((one) => one.id === wanted);
      if (known && known.revision !== this.draft?.revision) await this.#open(known.id);
      if (!known && this.draft) this.close();
    });
  }

  async #open(id: string): Promise<void> {
    this.draft = await plansApi.draft(id);
    sessionStorage.setItem(OPEN_KEY, id);
    if (this.report?.plan_sha256 !== this.draft.sha256) this.report = null;
    this.compared = null;
  }

  open(id: string): Promise<boolean> {
    return this.#do(() => this.#open(id));
  }

  close(): void {
    this.draft = null;
    this.report = null;
    this.compared = null;
    sessionStorage.removeItem(OPEN_KEY);
  }

  begin(name: string, base?: number, file?: string): Promise<boolean> {
    return this.#do(async () => {
      const head = await plansApi.begin(name, base, file);
      this.drafts = [head, ...this.drafts];
      await this.#open(head.id);
    });
  }

  /** Change the open draft; what somebody else changed meanwhile is told and loaded. */
  edit(edits: Edit[]): Promise<boolean> {
    return this.#do(async () => {
      if (!this.draft) return;
      const { id, revision } = this.draft;
      try {
        await plansApi.edit(id, revision, edits);
      } finally {
        await this.#open(id);
      }
    });
  }

  check(): Promise<boolean> {
    return this.#do(async () => {
      if (!this.draft) return;
      this.report = await plansApi.check(this.draft.id);
      this.draft = { ...this.draft, checked: this.report.ok };
    });
  }

  compare(): Promise<boolean> {
    return this.#do(async () => {
      if (!this.draft) return;
      if (this.report?.plan_sha256 !== this.draft.sha256) this.report = await plansApi.check(this.draft.id);
      this.compared = await plansApi.compare(this.draft.id);
      this.draft = { ...this.draft, checked: this.report.ok, compared_with: this.compared.with ?? 0 };
    });
  }

  /** Do something that changes what is live, then look again. */
  act(work: () => Promise<unknown>): Promise<boolean> {
    return this.#do(async () => {
      await work();
      [this.state, this.drafts] = await Promise.all([plansApi.state(), plansApi.drafts()]);
      if (this.state.number > 0) this.live = (await plansApi.plan(this.state.number)).plan;
      if (this.draft && !this.drafts.some((one) => one.id === this.draft?.id)) this.close();
    });
  }

  async #do(work: () => Promise<void>): Promise<boolean> {
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

export const plans = new Plans();
