/** Patches that stand: the snapshot, kept up to date from the event stream. */

import type { Envelope } from '../api/types';
import { patchesApi, type Patch, type PatchMember, type PatchMix } from '../api/patches';

const member = (talkgroup: string): PatchMember => ({
  talkgroup,
  ready: null,
  reason: '',
  skipped: '',
  skipped_utc: null,
});

export class Patches {
  list: Patch[] = $state([]);

  constructor(private readonly ask: () => Promise<{ patches: Patch[] }> = patchesApi.list) {}

  load(rows: readonly Patch[]): void {
    this.list = [...rows].sort(byLabel);
  }

  find(id: string): Patch | undefined {
    return this.list.find((row) => row.id === id);
  }

  /** The patch that a talkgroup is in. */
  of(talkgroup: string): Patch | undefined {
    return this.list.find((row) => row.members.some((one) => one.talkgroup === talkgroup));
  }

  /** How many other talkgroups hear what is said on one, those not known here included. */
  others(talkgroup: string): number {
    const patch = this.of(talkgroup);
    return patch ? patch.members.length - 1 + patch.hidden : 0;
  }

  /** How the patch of a talkgroup mixes encrypted with unencrypted members, null when it does not. */
  mixOf(talkgroup: string): PatchMix | null {
    return this.of(talkgroup)?.mix ?? null;
  }

  /** Ask again what mixes: events say who is joined, not what is hidden or confirmed. */
  async refresh(): Promise<void> {
    try {
      for (const row of (await this.ask()).patches) {
        const known = this.find(row.id);
        if (known) known.mix = row.mix ?? null;
      }
    } catch {
      return; // what the last snapshot said stands, and the server holds the press all the same
    }
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    switch (envelope.type) {
      case 'patch.made':
        this.#made(envelope);
        if (data['mixed']) void this.refresh();
        break;
      case 'patch.changed':
        this.#changed(data);
        void this.refresh();
        break;
      case 'patch.ended':
        this.list = this.list.filter((row) => row.id !== data['patch']);
        break;
      case 'patch.mix_confirmed': {
        const mix = this.find(String(data['patch']))?.mix;
        if (mix) mix.confirmed_until_utc = Number(data['until_utc']);
        break;
      }
      case 'patch.member_changed':
        this.#member(data, (one) => {
          one.ready = data['ready'] === true;
          one.reason = String(data['reason'] ?? '');
        });
        break;
      case 'patch.skipped':
        this.#member(data, (one) => {
          one.skipped = String(data['reason'] ?? '');
          one.skipped_utc = envelope.t_utc;
        });
        break;
      case 'transmission.started':
        if (data['patch']) this.#member(data, (one) => (one.skipped = ''));
        break;
    }
  }

  #made(envelope: Envelope): void {
    const data = envelope.data as unknown as Omit<Patch, 'members' | 'id'> & { patch: string; members: string[] };
    const row: Patch = {
      id: data.patch,
      label: data.label,
      name: data.name,
      members: data.members.map(member),
      hidden: data.hidden ?? 0,
      owner: data.owner,
      owner_id: data.owner_id,
      position: data.position,
      reason: data.reason,
      since_utc: data.since_utc || envelope.t_utc,
      until_utc: data.until_utc,
      mixed: data.mixed,
      from_plan: data.from_plan,
    };
    this.list = [...this.list.filter((one) => one.id !== row.id), row].sort(byLabel);
  }

  #changed(data: Record<string, unknown>): void {
    const row = this.find(String(data['patch']));
    if (!row) return;
    const known = new Map(row.members.map((one) => [one.talkgroup, one]));
    row.name = String(data['name']);
    row.until_utc = (data['until_utc'] as number | null) ?? null;
    row.mixed = data['mixed'] === true;
    row.hidden = Number(data['hidden'] ?? 0);
    row.members = (data['members'] as string[]).map((id) => known.get(id) ?? member(id));
  }

  #member(data: Record<string, unknown>, change: (one: PatchMember) => void): void {
    const row = this.find(String(data['patch']));
    const one = row?.members.find((member) => member.talkgroup === data['talkgroup']);
    if (one) change(one);
  }
}

function byLabel(a: Patch, b: Patch): number {
  return Number(a.label.slice(1)) - Number(b.label.slice(1));
}

export const patches = new Patches();
