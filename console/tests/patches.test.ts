import { describe, expect, it } from 'vitest';
import type { Patch } from '../src/lib/api/patches';
import type { Envelope } from '../src/lib/api/types';
import { parseCommand, type CommandWorld } from '../src/lib/commands';
import { minutesOf, othersWords, untilWords } from '../src/lib/patches';
import { Patches } from '../src/lib/state/patches.svelte';
import { talkerName } from '../src/lib/words';

function event(type: string, data: Record<string, unknown>): Envelope {
  return { kind: 'event', v: 1, id: '', seq: 1, type, t_utc: 1_000_000, gateway: 'g', trace: '', data } as unknown as Envelope;
}

const made = event('patch.made', {
  patch: 'p-1', label: 'P1', name: 'Fire', members: ['n/1', 'n/2'], hidden: 1, owner: 'S. Holm', owner_id: 'u1',
  position: '3', reason: 'fire', since_utc: 0, until_utc: 3_601_000_000, mixed: false, from_plan: false,
});
const name = (id: string): string => ({ 'n/1': 'BRAND 1', 'n/2': 'BRAND 2' })[id] ?? id;

describe('patches', () => {
  it('follow the stream: made, skipped, heard again, changed, ended', () => {
    const all = new Patches();
    all.take(made);
    expect(all.of('n/2')?.label).toBe('P1');
    expect(all.others('n/1')).toBe(2);
    expect(all.others('n/9')).toBe(0);
    all.take(event('patch.skipped', { patch: 'p-1', talkgroup: 'n/2', reason: 'link lost' }));
    expect(all.of('n/2')?.members[1]?.skipped).toBe('link lost');
    all.take(event('transmission.started', { patch: 'p-1', talkgroup: 'n/2' }));
    expect(all.of('n/2')?.members[1]?.skipped).toBe('');
    all.take(event('patch.member_changed', { patch: 'p-1', talkgroup: 'n/1', ready: false, reason: 'radio is on X' }));
    expect(all.of('n/1')?.members[0]?.ready).toBe(false);
    all.take(event('patch.changed', { patch: 'p-1', name: 'Fire', members: ['n/1', 'n/3'], until_utc: 9, mixed: true }));
    expect(all.of('n/2')).toBeUndefined();
    expect(all.of('n/1')?.members[0]?.reason).toBe('radio is on X');
    all.take(event('patch.ended', { patch: 'p-1' }));
    expect(all.list).toEqual([]);
  });

  it('are told in words', () => {
    const all = new Patches();
    all.take(made);
    const [row] = all.list as [Patch];
    expect(othersWords(row, 'n/1', name)).toBe('BRAND 2 and 1 more');
    expect(untilWords({ until_utc: null }, 0)).toBe('until it is dropped');
    expect(untilWords(row, 1_000)).toMatch(/, 60 min left$/);
    expect(talkerName({ alias: 'A 911', talker: null, position: null, operator: '', via: 'P1' })).toBe('A 911 via P1');
  });

  it.each([['30m', 30], ['45', 45], ['2h', 120], ['13h', null], ['x', null], ['0', null]])('reads %s', (text, minutes) => {
    expect(minutesOf(text)).toBe(minutes);
  });
});

describe('the command line', () => {
  const world: CommandWorld = {
    talkgroups: [
      { id: 'n/1', name: 'BRAND 1', number: 310301, address: 7 },
      { id: 'n/2', name: 'AMBULANS', number: 310401, address: 13 },
    ],
    units: [], can: () => true, hasCall: false, today: '2026-11-24',
  };

  it('joins talkgroups for a time', () => {
    expect(parseCommand('patch brand 1 ambulans 30m', world)).toMatchObject({ do: 'patch', talkgroups: ['n/1', 'n/2'], minutes: 30 });
    expect(parseCommand('patch 310301 310401', world)).toMatchObject({ do: 'patch', talkgroups: ['n/1', 'n/2'], minutes: 60 });
  });

  it('says which name is none', () => {
    expect(parseCommand('patch brand 1 taxi', world)).toEqual({ do: 'nothing', why: 'No one talkgroup is called taxi' });
    expect(parseCommand('patch brand 1', world)).toEqual({ do: 'nothing', why: 'patch: which two talkgroups?' });
  });
});
