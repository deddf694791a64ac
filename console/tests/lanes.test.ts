import { describe, expect, it } from 'vitest';
import { lanesAddress, MAX_SPAN_US, readLanes, writeLanes } from '../src/lib/lanes/address';
import type { LaneItem } from '../src/lib/api/auditdesk';
import { RequestFailed } from '../src/lib/api/client';
import { LaneEngine } from '../src/lib/lanes/engine.svelte';
import { keepTime } from '../src/lib/lanes/pictures.svelte';
import { stretch } from '../src/lib/lanes/stretch';
import { clockAt, extend, starts, type Heard, type Rules } from '../src/lib/lanes/timeline';
import { follow, pan, placed, roomAfter, S_US, span, thinned, ticks, timeAt, zoom } from '../src/lib/lanes/view';

const bounds = { from: 0, to: 600 * S_US };
const rules: Rules = { speed: 1, skipSilence: false, loop: null, end: 60 * S_US };
const sounds: Heard[] = [
  { id: 'one', from: 2 * S_US, to: 6 * S_US },
  { id: 'two', from: 4 * S_US, to: 7 * S_US },
  { id: 'far', from: 40 * S_US, to: 44 * S_US },
];

describe('the window', () => {
  it('zooms around a moment that stays where it is, and stays within its bounds', () => {
    const view = zoom({ from: 100 * S_US, to: 200 * S_US }, 0.5, 125 * S_US, bounds);
    expect(view).toEqual({ from: 112.5 * S_US, to: 162.5 * S_US });
    expect(zoom(view, 100, 125 * S_US, bounds)).toEqual(bounds);
    expect(span(zoom(view, 1e-6, 125 * S_US, bounds))).toBe(4 * S_US);
  });

  it('pans up to its bounds', () => {
    expect(pan({ from: 0, to: 60 * S_US }, -1, bounds).from).toBe(0);
    expect(pan({ from: 560 * S_US, to: 600 * S_US }, 1, bounds).to).toBe(600 * S_US);
  });

  it('follows the clock only when it leaves', () => {
    const view = { from: 0, to: 60 * S_US };
    expect(follow(view, 30 * S_US, bounds)).toBe(view);
    expect(follow(view, 59 * S_US, bounds)).toEqual({ from: 44 * S_US, to: 104 * S_US });
  });

  it('has ticks at round times, no more than asked for', () => {
    const found = ticks({ from: 1_000_000, to: 71_000_000 }, 8);
    expect(found.map((one) => one.at / S_US)).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(ticks(bounds, 8).length).toBeLessThanOrEqual(8);
  });

  it('cuts what reaches over its edges and leaves out what is elsewhere', () => {
    const view = { from: 10 * S_US, to: 20 * S_US };
    expect(placed(view, 5 * S_US, 15 * S_US)).toEqual({ left: 0, width: 0.5 });
    expect(placed(view, 21 * S_US, 25 * S_US)).toBeNull();
    expect(timeAt(view, 0.5)).toBe(15 * S_US);
    expect(roomAfter(view, [12 * S_US, 14 * S_US], 0)).toBeCloseTo(0.2);
    expect(roomAfter(view, [12 * S_US, 14 * S_US], 1)).toBeCloseTo(0.6);
  });
});

describe('the clock', () => {
  it('runs with the sound card, at the speed that is set', () => {
    const { run } = extend([], 10 * S_US, 100, 101, { ...rules, speed: 1.5 }, []);
    expect(clockAt(run, 99)).toBeNull();
    expect(clockAt(run, 100)).toBe(10 * S_US);
    expect(clockAt(run, 102)).toBe(13 * S_US);
  });

  it('ends where the lanes end', () => {
    const first = extend([], 59 * S_US, 0, 0.5, rules, []);
    expect(first.ended).toBe(false);
    const next = extend(first.run, 0, 0, 2, rules, []);
    expect(next.ended).toBe(true);
    expect(clockAt(next.run, 5)).toBe(60 * S_US);
  });

  it('goes from B back to A without a gap, again and again', () => {
    const loop = { a: 3 * S_US, b: 5 * S_US };
    const { run, ended } = extend([], 4 * S_US, 0, 6, { ...rules, loop }, sounds);
    expect(ended).toBe(false);
    expect(run.map((one) => [one.from / S_US, one.to / S_US, one.atS])).toEqual([
      [4, 5, 0],
      [3, 5, 1],
      [3, 5, 3],
      [3, 5, 5],
    ]);
    expect(clockAt(run, 1.5)).toBe(3.5 * S_US);
  });

  it('begins at A when the clock stands behind B', () => {
    const loop = { a: 3 * S_US, b: 5 * S_US };
    const { run } = extend([], 10 * S_US, 0, 1, { ...rules, loop }, sounds);
    expect(run[0]?.from).toBe(3 * S_US);
  });

  it('leaves silence out, but for a breath before the next sound', () => {
    const { run, ended } = extend([], 0, 0, 100, { ...rules, skipSilence: true }, sounds);
    expect(run.map((one) => [one.from / S_US, one.to / S_US])).toEqual([
      [1.7, 7],
      [39.7, 44],
    ]);
    expect(ended).toBe(true);
    expect(clockAt(run, 5.3)).toBe(39.7 * S_US);
  });

  it('ends at once where silence is left out of a loop without a sound', () => {
    const loop = { a: 20 * S_US, b: 30 * S_US };
    expect(extend([], 20 * S_US, 0, 1, { ...rules, loop, skipSilence: true }, sounds)).toEqual({ run: [], ended: true });
  });
});

describe('scheduling', () => {
  it('starts two talkgroups together, each at its own place', () => {
    const [segment] = extend([], 5 * S_US, 10, 10.1, { ...rules, speed: 2 }, sounds).run;
    if (!segment) throw new Error('no segment');
    expect(starts(segment, sounds)).toEqual([
      { id: 'one', whenS: 10, offsetS: 3, lengthS: 1 },
      { id: 'two', whenS: 10, offsetS: 1, lengthS: 2 },
      { id: 'far', whenS: 27.5, offsetS: 0, lengthS: 4 },
    ]);
  });

  it('never reaches over the end of a loop', () => {
    const loop = { a: 3 * S_US, b: 5 * S_US };
    const { run } = extend([], 3 * S_US, 0, 3, { ...rules, loop }, sounds);
    expect(run.flatMap((segment) => starts(segment, sounds).map((one) => [one.id, one.whenS, one.lengthS]))).toEqual([
      ['one', 0, 2],
      ['two', 1, 1],
      ['one', 2, 2],
      ['two', 3, 1],
    ]);
  });
});

describe('speed', () => {
  const RATE = 16_000;
  const tone = Float32Array.from({ length: 2 * RATE }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 220 * i) / RATE));
  const crossings = (samples: Float32Array): number =>
    samples.reduce((count, value, i) => count + (i > 0 && (samples[i - 1] ?? 0) < 0 && value >= 0 ? 1 : 0), 0);

  it.each([0.75, 1.5, 2])('%s keeps the pitch and changes the length', async (speed) => {
    const out = await stretch(tone, RATE, speed);
    expect(out.length).toBe(Math.round(tone.length / speed));
    expect(crossings(out) / (out.length / RATE)).toBeGreaterThan(215);
    expect(crossings(out) / (out.length / RATE)).toBeLessThan(225);
    expect(Math.max(...out.slice(RATE / 4, RATE / 2))).toBeCloseTo(0.5, 1);
  });

  it('one is the recording itself', async () => {
    expect([...(await stretch(tone.slice(0, 50), RATE, 1))]).toEqual([...tone.slice(0, 50)]);
  });
});

describe('the address of lanes', () => {
  const call = (talkgroup: string, s: number) => ({ talkgroup, started_utc: s * S_US, ended_utc: (s + 10) * S_US, duration_ms: 10_000 });

  it('holds what is shown and comes back the same', () => {
    const lanes = { from: 5, to: 70_000_005, talkgroup: ['a/1', 'a/2'], unit: ['a/9'], camera: ['cam-1'], incident: 'i-1', at: 9 };
    expect(readLanes(new URLSearchParams(writeLanes(lanes).toString()))).toEqual(lanes);
  });

  it('is at most two hours and sixteen talkgroups', () => {
    const query = new URLSearchParams([['from', '1000'], ['to', String(1e12)], ...Array.from({ length: 20 }, (_, n) => ['talkgroup', `a/${n}`])]);
    const read = readLanes(query);
    expect(read.to - read.from).toBe(MAX_SPAN_US);
    expect(read.talkgroup.length).toBe(16);
  });

  it('of calls reaches from before the first to after the last, newest two hours', () => {
    const address = lanesAddress([call('a/1', 20_000), call('a/2', 19_000), call('a/3', 1_000)]);
    const read = readLanes(new URLSearchParams(address.split('?')[1]));
    expect(read.talkgroup).toEqual(['a/1', 'a/2']);
    expect(read.to / S_US).toBe(20_020);
    expect(read.to - read.from).toBe(MAX_SPAN_US);
  });
});

describe('moments that lie close together', () => {
  const moment = (id: string, s: number) => ({ id, from_utc: s * S_US });

  it('are drawn as one that counts them, the chosen one always by itself', () => {
    const view = { from: 0, to: 100 * S_US };
    const all = [moment('a', 10), moment('b', 10.2), moment('c', 10.4), moment('d', 50)];
    expect(thinned(view, all, 0.01, null).map((one) => [one.moment.id, one.more])).toEqual([['a', 2], ['d', 0]]);
    expect(thinned(view, all, 0.01, 'c').map((one) => [one.moment.id, one.more])).toEqual([['a', 1], ['c', 0], ['d', 0]]);
  });
});

describe('playing', () => {
  const track = { id: 't-1', from: 0, to: 5 * S_US, lanes: ['talkgroup a/1', 'unit a/9'], url: '/recordings/t-1' };
  const outlet = () => ({ context: { currentTime: 0, state: 'running' } as unknown as AudioContext, input: {} as AudioNode });
  const engine = (fetch: (url: string) => Promise<ArrayBuffer>, demand = true) => {
    const made = new LaneEngine({ outlet, fetch, demand: () => Promise.resolve(demand) });
    made.setTracks([track], 0, 10 * S_US);
    return made;
  };

  it('stops with its words when the log cannot be written', async () => {
    const made = engine(() => Promise.reject(new RequestFailed(503, 'log not writable', '', 0)));
    await made.play();
    expect([made.playing, made.trouble]).toEqual([false, 'Stopped: log not writable']);
  });

  it('goes on without a recording that was erased, and says so on it', async () => {
    const made = engine(() => Promise.reject(new RequestFailed(410, 'the recording t-1 was erased', '', 0)));
    await made.play();
    expect([made.playing, made.trouble, made.failed['t-1']]).toEqual([true, '', 'the recording t-1 was erased']);
    made.pause();
  });

  it('fetches nothing without a purpose, nor of a lane that is muted', async () => {
    const asked: string[] = [];
    const fetch = (url: string): Promise<ArrayBuffer> => {
      asked.push(url);
      return Promise.reject(new RequestFailed(410, 'erased', '', 0));
    };
    await engine(fetch, false).play();
    const muted = engine(fetch);
    muted.setAudible(() => false);
    await muted.play();
    muted.pause();
    expect(asked).toEqual([]);
    muted.setAudible((lane) => lane === 'unit a/9');
    await muted.play();
    muted.pause();
    expect(asked).toEqual(['/recordings/t-1']);
  });
});

describe('a clip beside the lanes', () => {
  const video = (duration: number) => {
    const made = { currentTime: 0, duration, playbackRate: 1, paused: true, play: () => ((made.paused = false), Promise.resolve()), pause: () => void (made.paused = true) };
    return made as unknown as HTMLVideoElement & typeof made;
  };
  const item = { from_utc: 100 * S_US, to_utc: 110 * S_US } as LaneItem;

  it('runs, waits and jumps with the clock', () => {
    const clip = video(10);
    keepTime(clip, item, { position: 104 * S_US, playing: true, speed: 1.5 });
    expect([clip.currentTime, clip.playbackRate, clip.paused]).toEqual([4, 1.5, false]);
    keepTime(clip, item, { position: 104.1 * S_US, playing: true, speed: 1.5 });
    expect(clip.currentTime).toBe(4);
    keepTime(clip, item, { position: 130 * S_US, playing: true, speed: 1 });
    expect([clip.currentTime, clip.paused]).toEqual([10, true]);
    keepTime(clip, item, { position: 90 * S_US, playing: true, speed: 1 });
    expect([clip.currentTime, clip.paused]).toEqual([0, true]);
  });
});
