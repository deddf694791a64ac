/** Rows as the server sends them, for tests. */

import type { Alarm, Envelope, EventType, LinkInfo, TalkgroupInfo, UnitInfo } from '../src/lib/api/types';

export const T0 = 1_764_000_000_000_000;

export function makeTalkgroup(number: number, change: Partial<TalkgroupInfo> = {}): TalkgroupInfo {
  return {
    id: `norrvik/${number}`,
    system: 'norrvik',
    number,
    name: `GROUP ${number}`,
    folder: 'Norrvik',
    agency: 'Police',
    agency_kind: 'police',
    priority: 0,
    address: number % 100,
    recorded: true,
    encrypted: false,
    test: false,
    transmit_limit_s: 60,
    technology: 'tetra',
    links: ['norrvik-c'],
    actions: ['see', 'hear', 'talk', 'replay', 'search'],
    state: {
      rx: 'quiet', transmission: null, call: null, talker: null, alias: '', position: null,
      operator: '', started_utc: null, last: null, emergency: false, alarm: null, reason: '',
      since_utc: null, emergency_in: true, emergency_ack: false, affiliation: false, delivery: false,
      capabilities_known: false, members_known: false, heard_last_hour: 0,
      not_recorded: false, radio_on: null,
    },
    ...change,
  };
}

export function makeLink(change: Partial<LinkInfo> = {}): LinkInfo {
  return {
    id: 'norrvik-c', name: 'Norrvik C', site: 'norrvik-c', kind: 'tetra-pei', state: 'up',
    reason: '', model: 'MTM', firmware: '1', signal_dbm: -70, speed_bps: null, group: 310201, own_number: 1,
    capabilities: ['emergency_in'], since_utc: T0, ...change,
  };
}

export function makeUnit(number: number, change: Partial<UnitInfo> = {}): UnitInfo {
  return {
    id: `norrvik/${number}`, number, alias: `U ${number}`, kind: 'patrol', agency_kind: 'police',
    talkgroup: null, status: null, position: null, last_heard_utc: null, ...change,
  };
}

export function makeAlarm(change: Partial<Alarm> = {}): Record<string, unknown> {
  return {
    alarm: 'a-1', unit: 'norrvik/1210204', alias: '3204', talkgroup: 'norrvik/310201',
    link: 'norrvik-c', sign: 'status', call: null, again: false, exercise: false,
    t_sign_utc: T0, late: false, latitude_deg: null, longitude_deg: null, error_m: null, ...change,
  };
}

let seq = 0;

export function event(type: EventType, data: Record<string, unknown>, t_utc = T0): Envelope {
  seq += 1;
  return { kind: 'event', v: 1, id: `e-${seq}`, seq, type, t_utc, gateway: 'g', trace: '', data };
}

export function started(change: Record<string, unknown> = {}): Envelope {
  return event('transmission.started', {
    transmission: 't-1', call: 'c-1', talkgroup: 'norrvik/310201', link: 'norrvik-c',
    talker: 'norrvik/1210204', alias: '3204', position: null, operator: '', priority: 0,
    emergency: false, encrypted: false, readable: true, late_entry: false, ...change,
  });
}

export function ended(change: Record<string, unknown> = {}): Envelope {
  return event(
    'transmission.ended',
    {
      transmission: 't-1', call: 'c-1', talkgroup: 'norrvik/310201', duration_ms: 4000,
      cause: 'ended', emergency: false, lost_frames: 0, ...change,
    },
    T0 + 4_000_000,
  );
}
