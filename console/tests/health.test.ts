import { describe, expect, it } from 'vitest';
import { aside, facts, figure, stageMs, wholeWords } from '../src/lib/audiopath';
import { segments } from '../src/lib/health';
import type { PathView, Stage } from '../src/lib/api/health';

const H = 3_600_000_000;

describe('the last day of a part', () => {
  it('is not known before its first change, then as it was told', () => {
    const history = {
      from_utc: 0,
      to_utc: 24 * H,
      changes: [
        { part: 'disk', state: 'ok' as const, words: '', t_utc: 6 * H },
        { part: 'links', state: 'fault' as const, words: '', t_utc: 7 * H },
        { part: 'disk', state: 'fault' as const, words: '', t_utc: 18 * H },
      ],
    };
    expect(segments(history, 'disk')).toEqual([
      { state: 'unknown', percent: 25 },
      { state: 'ok', percent: 50 },
      { state: 'fault', percent: 25 },
    ]);
    expect(segments(history, 'bus')).toEqual([{ state: 'unknown', percent: 100 }]);
  });
  it('takes what was known before the day into its begin', () => {
    const history = { from_utc: 10 * H, to_utc: 34 * H, changes: [{ part: 'bus', state: 'ok' as const, words: '', t_utc: 2 * H }] };
    expect(segments(history, 'bus')).toEqual([{ state: 'ok', percent: 100 }]);
  });
});

describe('the audio path in words', () => {
  const stage = (id: string, more: Partial<Stage> = {}): Stage => ({ id, p50_ms: 41, p95_ms: 50, count: 1, level: null, added: true, ...more });
  it('shows what a browser takes in both its parts, and nothing when one is missing', () => {
    const output = { p50_ms: 21, p95_ms: 21, count: 1 };
    expect(stageMs(stage('browser', { output }))).toBe(62);
    expect(stageMs(stage('browser', { output, p50_ms: null }))).toBeNull();
  });
  it('says what is no measurement', () => {
    expect(facts(stage('link', { unknown: 'not_played' }))).toBe('When it is played, cannot be measured');
    expect(facts(stage('link', { begin: 'fastest' }))).toBe('Later than the fastest block');
    expect([aside(stage('network')), aside(stage('network', { p50_ms: null })), aside(stage('level'))]).toEqual(['½ round trip', '', 'p95 50 ms']);
    expect([facts(stage('press', { dry: 0, count: 0 })), facts(stage('press', { dry: 0 }))]).toEqual(['Nothing sent yet', 'Never ran dry']);
    expect(facts(stage('opus', { look_ahead_ms: 6.5 }))).toContain('not added');
    expect([figure(null), figure(0.44), figure(12.4)]).toEqual(['-', '0.4', '12']);
  });
  it('names the air and the radio, and says when nobody has heard', () => {
    const view = { way: 'receive', position: '3', whole: { p50_ms: null, p95_ms: null, count: 0, state: 'none' }, not_measured: ['air', 'radio', 'loudspeaker'] } as unknown as PathView;
    const words = wholeWords(view, 'North');
    expect(words.rest).toBe('Air, radio and loudspeaker: not measured, not added');
    expect(words.note).toBe('Position 3 has not heard North in this time');
  });
});
