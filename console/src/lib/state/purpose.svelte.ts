/**
 * Why somebody looks: asked once for each incident, case or order, and sent with every request.
 *
 * Pages need nothing of it: the client sends what stands, and when the server asks for one
 * (status 428) the dialog comes up and the request is made again. `demand` asks beforehand.
 */

import { purposesApi, type IncidentChoice, type Stated } from '../api/oversight';
import { api, sentence } from '../api/client';

export class PurposeState {
  /** What is sent with each request now. */
  current: Stated | null = $state.raw(null);
  standing: Stated[] = $state.raw([]);
  incidents: IncidentChoice[] = $state.raw([]);
  hours = $state(8);
  /** Whether the dialog is up. */
  asking = $state(false);
  trouble = $state('');
  /** Incident of the page that is open: filled in beforehand. */
  incident = '';
  #needed = false;
  #waiting: ((stated: boolean) => void)[] = [];

  constructor(private readonly now: () => number = () => Date.now() * 1000) {}

  /** `incident INC-2026-004211, words`, or nothing. */
  get words(): string {
    return this.stands ? (this.current?.words ?? '') : '';
  }

  get stands(): boolean {
    return this.current !== null && this.current.until_utc > this.now();
  }

  get header(): string {
    return this.stands ? (this.current?.id ?? '') : '';
  }

  /** Take up what stands from before; a desk begins without one, as its live work needs none. */
  async load(): Promise<void> {
    try {
      const mine = await purposesApi.mine();
      this.standing = mine.standing;
      this.incidents = mine.incidents;
      this.hours = mine.hours;
      this.#needed = mine.needed;
      if (mine.needed && !this.stands) this.current = mine.standing[0] ?? null;
    } catch (error) {
      this.trouble = sentence(error);
    }
  }

  /** Whether a purpose stands or none is needed; else asks. False: the person gave none. */
  async demand(): Promise<boolean> {
    if (this.stands) return true;
    await this.load();
    return this.stands || !this.#needed ? true : this.ask();
  }

  /** Bring the dialog up; true once a purpose stands. Several askers wait for one answer. */
  ask(): Promise<boolean> {
    this.trouble = '';
    this.asking = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async state(code: string, ref: string, text: string): Promise<boolean> {
    try {
      this.use(await purposesApi.state(code, ref, text));
      return true;
    } catch (error) {
      this.trouble = sentence(error);
      return false;
    }
  }

  use(stated: Stated): void {
    this.current = stated;
    this.standing = [stated, ...this.standing.filter((one) => one.id !== stated.id)];
    this.#answer(true);
  }

  cancel(): void {
    this.#answer(false);
  }

  /** Another person signs in here. */
  forget(): void {
    this.current = null;
    this.standing = [];
    this.incidents = [];
    this.#answer(false);
  }

  #answer(stated: boolean): void {
    this.asking = false;
    this.trouble = '';
    for (const resolve of this.#waiting.splice(0)) resolve(stated);
  }
}

export const purpose = new PurposeState();
api.purpose = () => purpose.header;
api.onPurposeNeeded = async () => {
  // What was stated before this page was loaded still stands: then nobody is asked again.
  if (!purpose.stands) await purpose.load();
  return purpose.stands || purpose.ask();
};
