import { describe, expect, it } from 'vitest';
import type { PlanLink } from '../src/lib/api/plans';
import { LINK_KINDS, LINK_SECTIONS, nested, readSetting, settingOf, shownSetting, type LinkField } from '../src/lib/link_fields';

const fieldOf = (kind: string, name: string): LinkField =>
  LINK_SECTIONS[kind]?.flatMap((section) => section.fields).find((field) => field.name === name) as LinkField;
const station: PlanLink = {
  id: 's', name: 'S', kind: 'p25-dfsi', system: 'c', site: 'h', port: 'udp:1.2.3.4:5', sound: '', talkgroups: [1], group: null,
  p25: { nac: 0x293, control: false },
};

describe('settings of a link', () => {
  it('are known for each kind', () => {
    for (const [kind] of LINK_KINDS) expect(LINK_SECTIONS[kind]?.some((section) => section.fields.some((field) => field.name === 'port'))).toBe(true);
  });

  it('are shown as engineers write them, and read back', () => {
    const nac = fieldOf('p25-dfsi', 'p25.nac');
    expect(shownSetting(nac, settingOf(station, nac))).toBe('293h');
    expect(readSetting(nac, '3A1h')).toBe(0x3a1);
    expect(readSetting(nac, '659')).toBe(659);
    expect(() => readSetting(nac, 'x')).toThrow('NAC, 293h: expected a whole number, hexadecimal with h, got x');
    const control = fieldOf('p25-dfsi', 'p25.control');
    expect(shownSetting(control, settingOf(station, control))).toBe('no');
    expect(shownSetting(control, settingOf(null, control))).toBe('yes');
    expect(readSetting(fieldOf('tetra-pei', 'speed_bps'), '9600')).toBe(9600);
    expect(readSetting(fieldOf('tetra-pei', 'own_number'), '')).toBeNull();
    expect(readSetting(fieldOf('tetra-pei', 'sound_in_gain_db'), '-3,5')).toBe(-3.5);
  });

  it('of the table within go under its name', () => {
    expect(nested({ port: 'a', 'p25.nac': 1, 'p25.control': false })).toEqual({ port: 'a', p25: { nac: 1, control: false } });
    expect(nested({ port: 'a' })).toEqual({ port: 'a' });
  });
});
