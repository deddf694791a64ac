import { describe, expect, it } from 'vitest';
import * as words from '../src/lib/words';

const NOW = Date.UTC(2026, 10, 25, 13, 32, 7);

describe('figures and words', () => {
  it.each([
    [0, 'now'],
    [12, '12 s'],
    [240, '4 min'],
    [7200, '2 h'],
    [200_000, '2 d'],
  ])('writes an age of %i s as %s', (seconds, text) => {
    expect(words.age((NOW - seconds * 1000) * 1000, NOW)).toBe(text);
  });

  it.each([
    [320, '320 ms'],
    [6_000, '6 s'],
    [136_000, '2 min 16 s'],
    [3_720_000, '1 h 2 min'],
    [null, '-'],
  ])('writes a length of %s ms as %s', (millis, text) => {
    expect(words.length(millis)).toBe(text);
  });

  it('cuts a name in its middle, so that its number stays', () => {
    expect(words.middle('NORRVIK PATRULL 1')).toBe('NORRVIK PATRULL 1');
    expect(words.middle('RÄDDNINGSOMRÅDE NORRA 12')).toMatch(/^RÄDDNINGS….*12$/);
  });

  it('names who talks: colleague, alias, number, nobody known', () => {
    const row = { alias: '', talker: null, position: null, operator: '' };
    expect(words.talkerName({ ...row, position: '5', operator: 'Erik Lund' })).toBe('Position 5, E. Lund');
    expect(words.talkerName({ ...row, alias: 'A 911', talker: 'norrvik/1230911' })).toBe('A 911');
    expect(words.talkerName({ ...row, talker: 'norrvik/1230911' })).toBe('1230911');
    expect(words.talkerName(row)).toBe('Unknown unit');
  });

  it('says how far an acknowledgement came, and why not', () => {
    expect(words.wayWords({ way: 'sent', way_reason: '' })).toBe('to the radio: sent');
    expect(words.wayWords({ way: 'not_sent', way_reason: 'link lost' })).toBe(
      'to the radio: not sent (link lost)',
    );
    expect(words.wayWords({ way: 'not_possible', way_reason: '' })).toBe(
      'to the radio: not possible on this link',
    );
  });

  it('shows the error of a fix only when the radio stated one', () => {
    const fix = { latitude_deg: 59, longitude_deg: 18, error_m: 20, age_s: 4, t_utc: NOW * 1000 };
    expect(words.fixWords(fix, NOW)).toBe('fix 4 s old, ± 20 m');
    expect(words.fixWords({ ...fix, error_m: null }, NOW)).toBe('fix 4 s old');
    expect(words.fixWords(null, NOW)).toBe('no fix');
  });

  it('measures a distance on the sphere', () => {
    const a = { latitude_deg: 59, longitude_deg: 18 };
    expect(words.distanceM(a, { latitude_deg: 60, longitude_deg: 18 })).toBeCloseTo(111_195, -2);
  });
});
