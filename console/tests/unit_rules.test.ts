import { describe, expect, it } from 'vitest';
import { ruleFor } from '../src/lib/unit_rules';
import type { PlanRule } from '../src/lib/api/plans';

const rule = (name: string, alias: string, more: Partial<PlanRule>): PlanRule => ({ system: 'c', name, alias, first: null, last: null, pattern: '', ...more });
const RULES = [
  rule('engines', 'Engine $1', { pattern: '1[1245]10([0-9]{2})[127]' }),
  rule('ambulances', 'Ambulance $1', { pattern: '/^1[78]3(1[0-9]{2})/' }),
  rule('boats', 'Boat {number}', { first: 900, last: 999 }),
];
const UNITS = [{ system: 'c', number: 955, alias: 'Pilot', owner: '', kind: '', talkgroup: null }];

describe('which rule names a unit', () => {
  it('asks the rows first, then the rules in their order', () => {
    expect(ruleFor(1210207, UNITS, RULES)).toBe('engines: Engine 20');
    expect(ruleFor(173102555, UNITS, RULES)).toBe('ambulances: Ambulance 102');
    expect(ruleFor(955, UNITS, RULES)).toBe('its own row: Pilot');
    expect(ruleFor(956, UNITS, RULES)).toBe('boats: Boat 956');
    expect(ruleFor(5, UNITS, RULES)).toBe('no rule: shown by its number');
    expect(ruleFor(NaN, UNITS, RULES)).toBe('Give a whole number');
  });
});
