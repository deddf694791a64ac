/** The engineer's work: the live plan's state, one open draft, its check and its comparison. */

import { plansApi, type CheckReport, type Compared, type Draft, type DraftHead, type Edit, type PlanBody, type PlanState } from '../api/plans';
import { changesOneRow, withEdits } from '../plan_edits';
import { Busy } from './busy.svelte';

const OPEN_KEY = 'samband.draft';
/** After the last edit of a row, until the bar's counts are asked for anew. */
const COUNT_AFTER_MS = 1500;

export class Plans extends Busy {
  state: PlanState | null = $state.raw(null);
  drafts: DraftHead[] = $state.raw([]);
  draft: Draft | null = $state.raw(null);
  live: PlanBody | null = $state.raw(null);
  report: CheckReport | null = $state.raw(null);
  compared: Compared | null = $state.raw(null);
  /** How many objects the draft has otherwise than the live plan. */
  counts: Compared['counts'] | null = $state.raw(null);
  #counting: ReturnType<typeof setTimeout> | undefined;
  /** How many units the shown plan has, by system: the units themselves are had when a page needs them. */
  #draftUnits: Record<string, number> = $state.raw({});
  #liveUnits: Record<string, number> = $state.raw({});
  /** Hash of the plan whose units are here. */
  #unitsOf = $state('');
  #liveIs = '';
  /** Edits go one after the other: each needs the revision that the one before it made. */
  #last: Promise<unknown> = Promise.resolve();

  /** What the tables show: the draft, else the live plan. */
  get plan(): PlanBody | null {
    return this.draft?.plan ?? this.live;
  }

  get unitCounts(): Record<string, number> {
    return this.draft ? this.#draftUnits : this.#liveUnits;
  }

  get unitCount(): number {
    return Object.values(this.unitCounts).reduce((sum, one) => sum + one, 0);
  }

  get #shownIs(): string {
    return this.draft?.sha256 ?? this.state?.sha256 ?? '';
  }

  /** The units of the shown plan are in `plan.units`. */
  get unitsHere(): boolean {
    return this.#unitsOf !== '' && this.#unitsOf === this.#shownIs;
  }

  /** Load the units of the shown plan unless they are here. */
  needUnits(): Promise<boolean> {
    return this.attempt(async () => {
      const wanted = this.#shownIs;
      if (!wanted || this.unitsHere) return;
      const { draft, state } = this;
      const units = draft ? await plansApi.draftUnits(draft.id) : await plansApi.units(state?.number ?? 0);
      if (wanted !== this.#shownIs) return;
      if (this.draft) this.draft = { ...this.draft, plan: { ...this.draft.plan, units } };
      else if (this.live) this.live = { ...this.live, units };
      this.#unitsOf = wanted;
    });
  }

  get editable(): boolean {
    return this.draft?.state === 'open';
  }

  /** The check and the comparison are of exactly this draft. */
  get checked(): boolean {
    return this.draft !== null && this.report?.plan_sha256 === this.draft.sha256 && this.report.ok;
  }

  async load(): Promise<void> {
    await this.attempt(async () => {
      await this.#look();
      const wanted = this.draft?.id ?? sessionStorage.getItem(OPEN_KEY);
      const known = this.drafts.find((one) => one.id === wanted);
      if (known && known.revision !== this.draft?.revision && !this.#editing) await this.#open(known.id);
      if (!known && this.draft) this.close();
    });
  }

  async #look(): Promise<void> {
    [this.state, this.drafts] = await Promise.all([plansApi.state(), plansApi.drafts()]);
    const { number, sha256 } = this.state;
    if (number <= 0 || this.#liveIs === `${number} ${sha256}`) return;
    const { plan, units } = await plansApi.tables(number);
    this.live = plan;
    this.#liveUnits = units;
    this.#liveIs = `${number} ${sha256}`;
    if (!this.draft) this.#unitsOf = '';
  }

  async #open(id: string): Promise<void> {
    const { head, plan, units } = await plansApi.draftTables(id);
    const same = this.draft?.sha256 === head.sha256 && this.unitsHere;
    this.draft = { ...head, plan: same && this.draft ? { ...plan, units: this.draft.plan.units } : plan };
    this.#draftUnits = units;
    if (!same) this.#unitsOf = '';
    sessionStorage.setItem(OPEN_KEY, id);
    if (this.report?.plan_sha256 !== this.draft.sha256) this.report = null;
    this.compared = null;
    if (!same) this.#count(0);
  }

  /** Ask for the counts of the open draft, not with every key that is struck. */
  #count(after: number): void {
    clearTimeout(this.#counting);
    const id = this.draft?.id;
    if (!id) return;
    this.#counting = setTimeout(() => {
      plansApi.counts(id).then((counts) => {
        if (this.draft?.id === id) this.counts = counts;
      }, () => undefined); // the bar then shows none; a comparison tells all
    }, after);
  }

  open(id: string): Promise<boolean> {
    return this.attempt(() => this.#open(id));
  }

  close(): void {
    this.draft = null;
    this.counts = null;
    this.#unitsOf = '';
    if (this.live) this.live = { ...this.live, units: [] };
    this.report = null;
    this.compared = null;
    sessionStorage.removeItem(OPEN_KEY);
  }

  begin(name: string, base?: number, file?: string): Promise<boolean> {
    return this.attempt(async () => {
      const head = await plansApi.begin(name, base, file);
      this.drafts = [head, ...this.drafts];
      await this.#open(head.id);
    });
  }

  #editing = 0;

  /** Change the open draft; what somebody else changed meanwhile is told and loaded. */
  edit(edits: Edit[]): Promise<boolean> {
    const next = this.#last.then(() => this.attempt(() => this.#edit(edits)));
    this.#last = next;
    return next;
  }

  /** Fields of rows are shown changed at once; whatever else changes, the draft is loaded again. */
  async #edit(edits: Edit[]): Promise<void> {
    if (!this.draft) return;
    const { id, revision } = this.draft;
    const light = changesOneRow(edits);
    const here = this.unitsHere;
    if (light) this.draft = { ...this.draft, plan: withEdits(this.draft.plan, edits) };
    this.#editing += 1;
    try {
      const head = await plansApi.edit(id, revision, edits);
      if (!light) await this.#open(id);
      else this.draft = { ...this.draft, ...head };
      if (light && here) {
        this.#unitsOf = head.sha256;
        this.#draftUnits = bySystem(this.draft.plan.units);
      }
      this.drafts = this.drafts.map((one) => (one.id === id ? { ...one, ...head } : one));
      if (this.report?.plan_sha256 !== head.sha256) this.report = null;
      this.compared = null;
      if (light) this.#count(COUNT_AFTER_MS);
    } catch (error) {
      await this.#open(id);
      throw error;
    } finally {
      this.#editing -= 1;
    }
  }

  check(): Promise<boolean> {
    return this.attempt(async () => {
      if (!this.draft) return;
      this.report = await plansApi.check(this.draft.id);
      this.draft = { ...this.draft, checked: this.report.ok };
    });
  }

  compare(): Promise<boolean> {
    return this.attempt(async () => {
      if (!this.draft) return;
      if (this.report?.plan_sha256 !== this.draft.sha256) this.report = await plansApi.check(this.draft.id);
      this.compared = await plansApi.compare(this.draft.id);
      this.draft = { ...this.draft, checked: this.report.ok, compared_with: this.compared.with ?? 0 };
    });
  }

  /** Do something that changes what is live, then look again. */
  act(work: () => Promise<unknown>): Promise<boolean> {
    return this.attempt(async () => {
      await work();
      await this.#look();
      if (this.draft && !this.drafts.some((one) => one.id === this.draft?.id)) this.close();
    });
  }
}

function bySystem(units: readonly { system: string }[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { system } of units) found[system] = (found[system] ?? 0) + 1;
  return found;
}

export const plans = new Plans();
