import { describe, expect, it } from 'vitest';
import type { EvidencePackage } from '../src/lib/api/evidence';
import { bytes, firstChosen, groups, laneKey, mayLeave, purposeFault, scopeOf, stateWords, whatWords, whyWords, type ExportSelection } from '../src/lib/evidence';

const LANES: ExportSelection = {
  from_utc: 1_000,
  to_utc: 2_000,
  lanes: [
    { kind: 'talkgroup', id: 'net/100', name: 'BRAND 1', items: 3 },
    { kind: 'talkgroup', id: 'net/200', name: 'SPANING 1', items: 2, note: 'no audio' },
    { kind: 'camera', id: 'cam-1', name: 'H-03', items: 1 },
    { kind: 'incident', id: 'i-1', name: 'Incident 2311', items: 4 },
    { kind: 'operator', id: 'p3', name: 'Operator actions', items: 4 },
  ],
};
const HOUR_US = 3_600_000_000;
const PACKAGE = {
  id: 'EV-2026-000321', state: 'waiting', approval: 'a-1', approvers: ['u-7'], approvals: [], names: { 'u-7': 'Stina Holm' },
  recordings: ['t-1'], media: [], released_utc: null, refused_by: '',
} as unknown as EvidencePackage;

describe('what is asked for', () => {
  it('chooses lanes that have something to give, and desks only for an order', () => {
    const chosen = firstChosen(LANES);
    expect([...chosen]).toEqual(['talkgroup net/100', 'camera cam-1', 'incident i-1']);
    expect(scopeOf(LANES, chosen)).toEqual({ talkgroups: ['net/100'], cameras: ['cam-1'], incident: 'i-1', from_utc: 1_000, to_utc: 2_000 });
    const order = { ...LANES, order: { id: 'o-1', number: 'B 12' } };
    expect(scopeOf(order, new Set([...firstChosen(order)]))).toMatchObject({ order: 'o-1', desk: true });
  });

  it('takes exactly the calls, or an incident without times', () => {
    expect(scopeOf({ calls: ['c-1'], from_utc: 1, to_utc: 2 }, new Set())).toEqual({ calls: ['c-1'] });
    expect(scopeOf({ incident: { id: 'i-1', label: 'INC-1' }, from_utc: 1, to_utc: 2 }, new Set())).toEqual({ incident: 'i-1' });
    expect(laneKey({ kind: 'camera', id: 'x' })).toBe('camera x');
  });

  it('refuses words that fit anything', () => {
    expect(purposeFault('investigation', true)).toContain('Too general');
    expect(purposeFault('Check.', false)).toContain('Too general');
    expect(purposeFault('', true)).toBe('');
    expect(purposeFault('', false)).toContain('Too general');
    expect(purposeFault('complaint of a driver', false)).toBe('');
  });
});

describe('the words of a package', () => {
  it('says who it waits for and when its approval is over', () => {
    expect(stateWords(PACKAGE, 0)).toBe('Waits for Stina Holm');
    expect(stateWords({ ...PACKAGE, approval: '' }, 0)).toContain('nobody was asked');
    const agreed: EvidencePackage = { ...PACKAGE, state: 'approved', approvals: [{ by: 'u-7', package_hash: 'x', t_utc: HOUR_US }] };
    expect(stateWords(agreed, 2 * HOUR_US)).toBe('Approved');
    expect(mayLeave(agreed, 2 * HOUR_US)).toBe(true);
    expect(stateWords(agreed, 26 * HOUR_US)).toBe('Approval is over a day old');
    expect(mayLeave(agreed, 26 * HOUR_US)).toBe(false);
    expect(stateWords({ ...agreed, released_utc: HOUR_US }, 2 * HOUR_US)).toContain('Has left');
    expect(stateWords({ ...PACKAGE, state: 'refused', refused_by: 'u-7' }, 0)).toBe('Refused by Stina Holm');
    expect(stateWords({ ...PACKAGE, state: 'erased' }, 0)).toBe('Erased');
  });

  it('groups a hash in fours, eight a line', () => {
    const lines = groups('0123456789abcdef'.repeat(4));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('0123 4567 89ab cdef 0123 4567 89ab cdef');
  });

  it('counts in words', () => {
    expect(whatWords(PACKAGE)).toBe('1 recording');
    expect(whatWords({ recordings: ['a', 'b'], media: ['m'] })).toBe('2 recordings, 1 still or clip');
    expect(bytes(38_200_000)).toBe('38.2 MB');
    expect(bytes(900)).toBe('1 kB');
    expect(bytes(2_500_000_000)).toBe('2.50 GB');
    expect(whyWords({ code: 'case', basis: 'x', ref: 'K-1', text: 'why' })).toBe('case K-1: why');
  });
});
