import { describe, expect, it, vi } from 'vitest';
import type { Setting, Stage, StageView } from '../src/lib/api/health';
import { facts, what } from '../src/lib/audiopath';
import { barsOf, buttonWords, caveat, countWords, fixedWords, readField, settingWords } from '../src/lib/audiostage';
import type { PathView } from '../src/lib/api/health';
import { putIntoDraft } from '../src/lib/state/linkdraft';
import { plans } from '../src/lib/state/plans.svelte';

const fixed = (id: string, value: number): Setting => ({ id, value, source: 'fixed' });
const planned = (id: string, value: number | string): Setting => ({ id, value, source: 'plan' });
const stage = (id: string, settings: Setting[] = [], more: Partial<Stage> = {}): Stage => ({ id, p50_ms: 1, p95_ms: 2, count: 1, level: null, added: true, settings, ...more });
const view = (id: string, more: Partial<StageView> = {}): StageView => ({ stage: id, link: 'n', position: null, way: 'receive', settings: [], changes: [], spans: {} as StageView['spans'], unseated: 0, ...more });
const strip = { way: 'receive', position: '3' } as PathView;

describe('the button of a stage', () => {
  it('says what is set, where something is', () => {
    expect(buttonWords(stage('link', [planned('gain_db', -2)]))).toBe('Level −2 dB');
    expect(buttonWords(stage('link', [planned('port', 'udp')]))).toBe('Level');
    expect(buttonWords(stage('link', [planned('ptt_lead_ms', 120)]))).toBe('Lead 120 ms');
    expect(buttonWords(stage('buffer', [fixed('playout_ms', 100)]))).toBe('Depth 100 ms');
    expect(buttonWords(stage('buffer'))).toBe('Depth');
    expect(['level', 'opus', 'network', 'browser', 'microphone'].map((id) => buttonWords(stage(id)))).toEqual(['Target', 'Rate', 'Peers', 'Device', 'Device']);
  });
});

describe('what is set', () => {
  it('comes from the server, not from here', () => {
    expect(what(stage('level', [fixed('target_dbfs', -20)]), strip)).toBe('target −20 dBFS');
    expect(what(stage('opus', [fixed('bitrate_bps', 16_000), fixed('frame_ms', 40)]), strip)).toBe('16 kbit/s, 40 ms');
    expect(what(stage('buffer', [fixed('reorder_ms', 60)]), strip)).toBe('in order, at most 60 ms');
    expect(what(stage('buffer', [fixed('playout_ms', 100)]), strip)).toBe('in time, 100 ms');
    expect(what(stage('buffer'), strip)).toBe('until a talker is known');
    expect(facts(stage('level', [fixed('max_gain_db', 12)], { gain_db: 2.1 }))).toBe('Gain +2.1 dB of 12');
  });
  it('says where it comes from', () => {
    expect(settingWords(planned('gain_db', 2.5))).toEqual({ name: 'Gain of the card', value: '+2.5 dB', from: 'the plan' });
    expect(settingWords(fixed('bitrate_bps', 24_000))).toEqual({ name: 'Rate, variable', value: '24 kbit/s', from: 'fixed in the program' });
    expect(settingWords(planned('port', 'udp')).value).toBe('sound over UDP');
    expect(settingWords(planned('ptt', 'rts'))).toMatchObject({ name: 'What keys', value: 'rts' });
  });
});

describe('why nothing can be changed', () => {
  it('is silent where the plan has a field', () => {
    expect(fixedWords(view('link', { changes: [{ field: 'sound_in_gain_db', value: 0, least: -40, most: 40 }] }))).toBe('');
  });
  it('has the figures that the server told', () => {
    expect(fixedWords(view('level', { settings: [fixed('target_dbfs', -23)] }))).toContain('−23 dBFS');
    expect(fixedWords(view('opus', { settings: [fixed('bitrate_bps', 24_000)] }))).toContain('24 kbit/s');
    expect(fixedWords(view('buffer', { settings: [fixed('reorder_ms', 60)] }))).toContain('60 ms at most');
    expect(fixedWords(view('buffer'))).toContain('Nothing to set');
  });
  it('tells of each kind of link and of the desk', () => {
    expect(fixedWords(view('link', { settings: [planned('port', 'udp')] }))).toContain('what sends them');
    expect(fixedWords(view('link', { way: 'transmit', settings: [planned('port', 'udp')] }))).toContain('what plays them');
    expect(fixedWords(view('link', { settings: [planned('port', 'coded')] }))).toContain('vocoder');
    expect(fixedWords(view('link', { settings: [planned('port', '')] }))).toContain('no sound');
    expect(fixedWords(view('browser'))).toContain('not known to the server');
    expect(fixedWords(view('network'))).toContain('web.media_addresses');
  });
  it('says what the figures leave out', () => {
    expect(caveat('link', 'receive', 'fastest')).toContain('nobody here can know');
    expect(caveat('link', 'receive', '')).toBe('');
    expect(caveat('network', 'receive', '')).toContain('added to nothing');
  });
});

describe('the spread', () => {
  it('has its bars as parts of the highest, with its ends in words', () => {
    expect(barsOf({ from_ms: 0, step_ms: 0.5, bars: [4, 0, 2], above: 3 })).toEqual({ heights: [1, 0, 0.5], from: '0', to: '1.5', words: '0 to 1.5 ms in steps of 0.5 ms, 3 above' });
    expect(barsOf({ from_ms: 20, step_ms: 1, bars: [0], above: 0 }).heights).toEqual([0]);
  });
  it('counts with what share that is', () => {
    expect(countWords({ id: 'lost', count: 2, percent: 0.5 })).toBe('2, 0.5 %');
    expect(countWords({ id: 'frames', count: 7, percent: null })).toBe('7');
  });
});

describe('a field of the plan', () => {
  it('is read as it is written here, within its bounds', () => {
    expect(readField('−2,5', -40, 40, false)).toBe(-2.5);
    expect(readField('3.14', -40, 40, false)).toBe(3.1);
    expect(readField(' 120 ', 0, 1000, true)).toBe(120);
  });
  it('says what was expected', () => {
    for (const text of ['', 'x', '41', '-40.1']) expect(() => readField(text, -40, 40, false)).toThrow('a number from -40 to 40');
    expect(() => readField('1.5', 0, 1000, true)).toThrow('a whole number from 0 to 1000');
  });
});

describe('a setting of a link put into a draft', () => {
  const change = [{ op: 'put', kind: 'link', id: 'north', value: { sound_in_gain_db: 2 } }];
  const spied = (open: boolean, begun = true, edited = true) => {
    vi.restoreAllMocks();
    vi.spyOn(plans, 'editable', 'get').mockReturnValue(open);
    plans.trouble = begun && edited ? '' : 'the draft was changed meanwhile';
    return { begin: vi.spyOn(plans, 'begin').mockResolvedValue(begun), edit: vi.spyOn(plans, 'edit').mockResolvedValue(edited) };
  };
  it('goes into the one that is open', async () => {
    const { begin, edit } = spied(true);
    expect((await putIntoDraft('north', 'Sound of North', { sound_in_gain_db: 2 })).said).toContain('Nothing live has changed');
    expect(begin).not.toHaveBeenCalled();
    expect(edit).toHaveBeenCalledWith(change);
  });
  it('begins one where none is open, with a name that fits', async () => {
    const { begin } = spied(false);
    await putIntoDraft('north', 'x'.repeat(100), {});
    expect(begin).toHaveBeenCalledWith('x'.repeat(80));
  });
  it('says why it was not taken', async () => {
    const refused = { said: '', trouble: 'the draft was changed meanwhile' };
    expect(spied(true, true, false).edit).toBeDefined();
    expect(await putIntoDraft('north', 'n', {})).toEqual(refused);
    const { edit } = spied(false, false);
    expect(await putIntoDraft('north', 'n', {})).toEqual(refused);
    expect(edit).not.toHaveBeenCalled();
  });
});
