import { describe, expect, it } from 'vitest';
import { DeskStats, heardBetween, levelDbfs, ServerClock } from '../src/lib/audio/stats';

const line = (mid: string, sources: { rtpTimestamp: number; timestamp: number }[] = []) =>
  ({ mid, receiver: { getSynchronizationSources: () => sources } }) as unknown as RTCRtpTransceiver;

describe('the clock of the server', () => {
  it('is taken from the exchange with the shortest way', () => {
    const clock = new ServerClock();
    expect(clock.best).toBeNull();
    clock.note(1000, 1100, { received_utc: 550_000, t_utc: 560_000 });
    clock.note(2000, 2012, { received_utc: 1_505_000, t_utc: 1_507_000 });
    expect(clock.best).toEqual({ offset_ms: 500, error_ms: 5 });
  });
  it('forgets what is old', () => {
    const clock = new ServerClock();
    clock.note(0, 0, { received_utc: 0, t_utc: 0 });
    for (let n = 0; n < 12; n += 1) clock.note(0, 20, { received_utc: 10_000, t_utc: 10_000 });
    expect(clock.best?.error_ms).toBe(10);
  });
});

describe('a track between two looks', () => {
  const before = { packetsReceived: 100, packetsLost: 1, jitterBufferDelay: 10, jitterBufferEmittedCount: 48_000, concealedSamples: 100, silentConcealedSamples: 50 };
  const after = { packetsReceived: 150, packetsLost: 2, jitterBufferDelay: 10 + 0.04 * 48_000, jitterBufferEmittedCount: 96_000, concealedSamples: 580, silentConcealedSamples: 50, jitter: 0.003 };
  it('gives what is new, with its mean wait and its level while it sounded', () => {
    const loud = { moments: 4, power: 0.04, peak: 0.5 };
    const found = heardBetween('net/1', after, before, [{ rtp: 7, at_ms: 9 }], loud);
    expect(found).toMatchObject({ packets: 50, lost: 1, buffer_ms: 40, jitter_ms: 3, concealed: 480, samples: 51 * 960 });
    expect(found?.level_dbfs).toBeCloseTo(-20, 1);
    expect(found?.peak_dbfs).toBeCloseTo(-6, 1);
    expect(found?.played).toEqual([{ rtp: 7, at_ms: 9 }]);
  });
  it('is nothing when nothing came', () => {
    expect(heardBetween('net/1', after, after, [])).toBeNull();
  });
  it('never goes below zero when counters begin anew', () => {
    const found = heardBetween('net/1', { packetsReceived: 200, packetsLost: 0, concealedSamples: 0 }, after, []);
    expect(found).toMatchObject({ packets: 50, lost: 0, concealed: 0, buffer_ms: null, level_dbfs: null });
  });
});

describe('the report of a desk', () => {
  it('names talkgroups by their lines and forgets what it told', () => {
    const stats = new DeskStats();
    const at = performance.timeOrigin + performance.now();
    const lines = new Map([['net/1', line('1', [{ rtpTimestamp: 5, timestamp: at }])], ['net/2', line('2')]]);
    const measure = (): { power: number; peak: number } => ({ power: 0.01, peak: 0.2 });
    stats.sample(lines, measure);
    stats.sample(lines, () => ({ power: 1e-9, peak: 1e-4 }));
    const rows = [
      { id: 'a', type: 'inbound-rtp', mid: '1', packetsReceived: 10, packetsLost: 0 },
      { id: 'b', type: 'inbound-rtp', mid: '9', packetsReceived: 10, packetsLost: 0 },
      { id: 'c', type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.012 },
      { id: 'd', type: 'outbound-rtp', kind: 'audio', packetsSent: 20 },
      { id: 'e', type: 'media-source', kind: 'audio', totalAudioEnergy: 0.05, totalSamplesDuration: 5 },
    ];
    const first = stats.report(rows, lines, { outputMs: 21, inputMs: 10 });
    expect(first.heard.map((row) => row.talkgroup)).toEqual(['net/1']);
    expect(first.heard[0]?.level_dbfs).toBe(-20);
    expect(first.heard[0]?.played).toEqual([{ rtp: 5, at_ms: at }]);
    expect(first).toMatchObject({ output_ms: 21, round_trip_ms: 12, spoken: { packets: 20, latency_ms: 10, level_dbfs: -20 } });
    const second = stats.report(rows, lines, { outputMs: null, inputMs: null });
    expect(second.heard).toEqual([]);
    expect(second.spoken).toBeNull();
    expect(second.output_ms).toBeNull();
  });
  it('keeps levels between silence and full scale', () => {
    expect(levelDbfs(0, 1)).toBeNull();
    expect(levelDbfs(1e-12, 1)).toBeNull();
    expect(levelDbfs(2, 1)).toBe(0);
  });
});
