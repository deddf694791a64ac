/** Talkgroups as tiles show them: the snapshot, kept up to date from the event stream. */

import { SvelteMap } from 'svelte/reactivity';
import type {
  NamedGroup,
  Action,
  Envelope,
  LinkInfo,
  RxState,
  TalkgroupInfo,
  TalkgroupState,
  Transmission,
} from '../api/types';

const QUIET: TalkgroupState = {
  rx: 'quiet',
  transmission: null,
  call: null,
  talker: null,
  alias: '',
  position: null,
  operator: '',
  via: '',
  started_utc: null,
  last: null,
  emergency: false,
  exercise: false,
  alarm: null,
  reason: '',
  since_utc: null,
  emergency_in: true,
  emergency_ack: false,
  affiliation: false,
  delivery: false,
  capabilities_known: false,
  members_known: false,
  heard_last_hour: 0,
  not_recorded: false,
  radio_on: null,
};

const HOUR_US = 3_600_000_000;
const HEARD: ReadonlySet<RxState> = new Set(['receiving', 'receiving_encrypted', 'late_entry']);

/** Receive state of a transmission that begins. */
export function rxOf(data: {
  encrypted?: unknown;
  readable?: unknown;
  late_entry?: unknown;
}): RxState {
  if (data.encrypted && data.readable === false) return 'encrypted_unreadable';
  if (data.encrypted) return 'receiving_encrypted';
  return data.late_entry ? 'late_entry' : 'receiving';
}

/** Of an over: what it is encrypted with, as an event tells it. */
function cipherOf(data: Record<string, unknown>): Pick<TalkgroupState, 'encrypted' | 'algorithm' | 'key_id'> {
  return {
    encrypted: data['encrypted'] === true,
    algorithm: (data['algorithm'] as number | null | undefined) ?? null,
    key_id: (data['key_id'] as number | null | undefined) ?? null,
  };
}

/** One talkgroup: what the plan says of it, and its live state. */
export class Talkgroup {
  info: Omit<TalkgroupInfo, 'state'>;
  state: TalkgroupState = $state({ ...QUIET });
  /** Units heard since the snapshot, with when. */
  readonly #heard = new Map<string, number>();

  constructor(info: TalkgroupInfo) {
    const { state, ...rest } = info;
    this.info = rest;
    this.state = { ...QUIET, ...state };
  }

  get id(): string {
    return this.info.id;
  }

  get name(): string {
    return this.info.name;
  }

  /** Count a talker; the figure is never below what the snapshot knew an hour ago or less. */
  heard(talker: string, t_utc: number): void {
    this.#heard.set(talker, t_utc);
    for (const [unit, last] of this.#heard) {
      if (t_utc - last > HOUR_US) this.#heard.delete(unit);
    }
    this.state.heard_last_hour = Math.max(this.state.heard_last_hour, this.#heard.size);
  }

  may(action: Action): boolean {
    return this.info.actions.includes(action);
  }

  /** Somebody is heard now (not our own press). */
  get receiving(): boolean {
    return HEARD.has(this.state.rx);
  }
}

export class Talkgroups {
  readonly byId = new SvelteMap<string, Talkgroup>();
  readonly links = new SvelteMap<string, LinkInfo>();
  folders: string[] = $state([]);

  load(talkgroups: TalkgroupInfo[], links: LinkInfo[]): void {
    this.links.clear();
    for (const link of links) this.links.set(link.id, link);
    const keep = new Set(talkgroups.map((row) => row.id));
    for (const id of this.byId.keys()) if (!keep.has(id)) this.byId.delete(id);
    for (const row of talkgroups) this.byId.set(row.id, new Talkgroup(row));
    this.folders = [...new Set(talkgroups.map((row) => row.folder))];
  }

  get list(): Talkgroup[] {
    return [...this.byId.values()];
  }

  inFolder(folder: string): Talkgroup[] {
    return this.list.filter((row) => row.info.folder === folder);
  }

  name(id: string | null): string {
    return id ? (this.byId.get(id)?.name ?? id) : '';
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    switch (envelope.type) {
      case 'transmission.started':
        this.#started(envelope.t_utc, data as unknown as Transmission & { transmission: string });
        break;
      case 'transmission.updated':
        this.#updated(envelope.t_utc, data);
        break;
      case 'transmission.measured':
        this.#with(data, (state) => {
          if (state.transmission === data['transmission']) state.bit_error_rate = Number(data['bit_error_rate']);
        });
        break;
      case 'transmission.ended':
        this.#ended(envelope.t_utc, data);
        break;
      case 'recording.failed':
        this.#with(data, (state) => (state.not_recorded = true));
        break;
      case 'recording.closed':
        this.#with(data, (state) => (state.not_recorded = false));
        break;
      case 'link.changed':
        this.#link(envelope.t_utc, data);
        break;
      case 'link.groups_known': {
        const link = this.links.get(String(data['link']));
        if (!link) break;
        const [programmed, dynamic] = [data['static'] ?? [], data['dynamic'] ?? []];
        this.links.set(link.id, {
          ...link,
          static_groups: programmed as NamedGroup[],
          dynamic_groups: dynamic as NamedGroup[],
        });
        break;
      }
      case 'link.group_changed':
        this.#group(data);
        break;
      case 'alarm.raised':
        // A later sign may tell another talkgroup than the first: the alarm moves there.
        for (const row of this.byId.values()) {
          if (row.state.alarm === data['alarm']) row.state.alarm = null;
        }
        this.#with(data, (state) => (state.alarm = String(data['alarm'])));
        break;
      case 'alarm.ended':
        for (const row of this.byId.values()) {
          if (row.state.alarm === data['alarm']) {
            row.state.alarm = null;
            row.state.emergency = false;
          }
        }
        break;
    }
  }

  #with(data: Record<string, unknown>, change: (state: TalkgroupState) => void): void {
    const row = this.byId.get(String(data['talkgroup']));
    if (row) change(row.state);
  }

  #started(t_utc: number, data: Transmission & { transmission: string }): void {
    const row = this.byId.get(data.talkgroup);
    if (!row) return;
    if (data.talker) row.heard(data.talker, t_utc);
    Object.assign(row.state, {
      rx: rxOf(data),
      transmission: data.transmission,
      call: data.call,
      talker: data.talker ?? null,
      alias: data.alias ?? '',
      position: data.position ?? null,
      operator: data.operator ?? '',
      via: (data as { patch_label?: string }).patch_label ?? '',
      started_utc: t_utc,
      ...cipherOf(data as unknown as Record<string, unknown>),
      bit_error_rate: null,
      emergency: row.state.emergency || data.emergency,
      exercise: data.exercise === true,
    });
  }

  #updated(t_utc: number, data: Record<string, unknown>): void {
    const row = this.byId.get(String(data['talkgroup']));
    if (typeof data['talker'] === 'string') row?.heard(data['talker'], t_utc);
    this.#with(data, (state) => {
      if (state.transmission !== data['transmission']) return;
      state.talker = (data['talker'] as string | null) ?? state.talker;
      state.alias = String(data['alias'] ?? '') || state.alias;
      state.emergency ||= data['emergency'] === true;
      state.exercise = state.exercise === true && data['exercise'] === true;
      const before = state.encrypted ?? false;
      Object.assign(state, cipherOf(data));
      if (state.rx !== 'offline' && (state.encrypted || before)) state.rx = rxOf(data);
    });
  }

  #ended(t_utc: number, data: Record<string, unknown>): void {
    this.#with(data, (state) => {
      if (state.transmission !== data['transmission']) return;
      const { alias, position, operator, via } = state;
      Object.assign(state, {
        rx: state.rx === 'offline' ? 'offline' : 'quiet',
        transmission: null,
        started_utc: null,
        last: {
          alias: alias || (state.talker?.split('/')[1] ?? ''),
          position,
          operator,
          via: via ?? '',
          ended_utc: t_utc,
          bit_error_rate: (data['bit_error_rate'] as number | null | undefined) ?? null,
        },
        encrypted: false,
        algorithm: null,
        key_id: null,
        bit_error_rate: null,
        talker: null,
        alias: '',
        position: null,
        operator: '',
        via: '',
        emergency: state.alarm !== null,
      });
    });
  }

  #link(t_utc: number, data: Record<string, unknown>): void {
    const id = String(data['link']);
    const old = this.links.get(id);
    if (!old) return;
    const { link: _, ...rest } = data;
    const next: LinkInfo = { ...old, ...(rest as Partial<LinkInfo>) };
    if (next.signal_dbm === null) next.signal_dbm = old.signal_dbm;
    next.speed_bps ??= old.speed_bps;
    next.model ||= old.model;
    next.firmware ||= old.firmware;
    if (next.capabilities.length === 0) next.capabilities = old.capabilities;
    if (old.state !== next.state || !next.since_utc) {
      next.since_utc = old.state === next.state ? old.since_utc : t_utc;
    }
    this.links.set(id, next);
    for (const row of this.byId.values()) {
      if (!row.info.links.includes(id)) continue;
      const up = row.info.links.some((one) => this.links.get(one)?.state === 'up');
      if (!up && row.state.rx !== 'offline') {
        Object.assign(row.state, { rx: 'offline', since_utc: t_utc, transmission: null });
      } else if (up && row.state.rx === 'offline') {
        Object.assign(row.state, { rx: 'quiet', since_utc: null, reason: '' });
      }
      if (!up) row.state.reason = next.reason;
      this.#capable(row);
    }
  }

  /** A link says what it can carry when it comes up: the tile says what none of them can. */
  #capable(row: Talkgroup): void {
    const known = row.info.links.map((id) => this.links.get(id)).filter((link) => link !== undefined);
    const can = new Set(known.flatMap((link) => link.capabilities));
    if (can.size === 0 && known.every((link) => link.state === 'closed')) return;
    Object.assign(row.state, {
      emergency_in: can.has('emergency_in'),
      emergency_ack: can.has('emergency_ack'),
      affiliation: can.has('affiliation'),
      delivery: can.has('delivery'),
      capabilities_known: true,
    });
  }

  /** Whether a link of a system can do something; links that this person does not see do not count. */
  carries(system: string, capability: string): boolean {
    return this.list
      .filter((row) => row.info.system === system)
      .some((row) => row.info.links.some((id) => this.links.get(id)?.capabilities.includes(capability)));
  }

  /** The radio is on another group, asked for or not: tiles that it cannot serve now say so. */
  #group(data: Record<string, unknown>): void {
    const id = String(data['link']);
    const link = this.links.get(id);
    if (!link) return;
    const group = (data['number'] as number | null) ?? null;
    const heard = (data['scanned'] as number[] | undefined) ?? [];
    this.links.set(id, { ...link, group, scanned: heard });
    const scanned = new Set(heard);
    const name = this.name((data['talkgroup'] as string | null) ?? null) || 'another talkgroup';
    for (const row of this.byId.values()) {
      if (!row.info.links.includes(id)) continue;
      const reached =
        group === null ||
        scanned.has(row.info.number) ||
        row.info.links.some((one) => this.links.get(one)?.group === row.info.number);
      row.state.radio_on = reached ? null : name;
    }
  }
}
