/** Packages as the page of exports shows them, and what has left. */

import { evidenceApi, type Disclosure, type EvidencePackage, type PackageContents } from '../api/evidence';
import { sentence } from '../api/client';

export class Exports {
  rows: EvidencePackage[] = $state.raw([]);
  left: Disclosure[] = $state.raw([]);
  contents: PackageContents | null = $state.raw(null);
  loaded = $state(false);
  trouble = $state('');

  async load(): Promise<void> {
    try {
      [this.rows, this.left] = await Promise.all([evidenceApi.packages(), evidenceApi.disclosures()]);
      this.trouble = '';
    } catch (error) {
      this.trouble = sentence(error);
    }
    this.loaded = true;
  }

  find(id: string): EvidencePackage | undefined {
    return this.rows.find((one) => one.id === id);
  }

  /** What will leave; that somebody looked is logged. */
  async look(id: string): Promise<void> {
    this.contents = null;
    try {
      this.contents = await evidenceApi.contents(id);
      this.trouble = '';
    } catch (error) {
      this.trouble = sentence(error);
    }
  }

  /** Do something to a package; false when it was refused, the reason is `trouble`. */
  async act(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.trouble = '';
      await this.load();
      return true;
    } catch (error) {
      this.trouble = sentence(error);
      return false;
    }
  }
}

/** How many packages wait for this person; null when none does. */
export async function waitingFor(user: string): Promise<number | null> {
  const rows = await evidenceApi.packages();
  const count = rows.filter(
    (one) => one.state === 'waiting' && one.approval !== '' && one.approvers.includes(user) && !one.approvals.some((vote) => vote.by === user),
  ).length;
  return count || null;
}
