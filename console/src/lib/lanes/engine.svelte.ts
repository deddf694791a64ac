/**
 * Plays many recordings at once on one clock: decoded sound, scheduled on the sound card's own time.
 *
 * A recording is fetched when the clock comes near it. The server logs each before its bytes leave,
 * so what is muted is not fetched, and playing stops when the log cannot be written.
 */

import { RequestFailed, sentence } from '../api/client';
import { clockAt, endS, extend, starts, trimmed, type Heard, type Loop, type Segment, type Start } from './timeline';
import { stretch } from './stretch';

export interface Track extends Heard {
  /** The lanes it is on: it is heard while one of them is loud. */
  lanes: readonly string[];
  url: string;
}

export interface Outlet {
  context: AudioContext;
  input: AudioNode;
}

export interface EngineParts {
  outlet: () => Outlet;
  /** Bytes of a recording; the server has logged it when they come. */
  fetch: (url: string) => Promise<ArrayBuffer>;
  /** Whether a purpose stands. */
  demand: () => Promise<boolean>;
}

const TICK_MS = 60;
const AHEAD_S = 0.6;
const START_S = 0.08;
/** Sound is fetched so far ahead of the clock. */
const FETCH_AHEAD_US = 20_000_000;
/** Playing waits at its start for what is heard within this. */
const WAIT_US = 1_500_000;
/** Speech of narrow-band radio has nothing above 4 kHz; half the memory of 32 kHz. */
const RATE = 16_000;
const KEPT = 240;
export const SPEEDS = [0.75, 1, 1.5, 2] as const;

type Due = Start & { untilS: number };

export class LaneEngine {
  playing = $state(false);
  loading = $state(false);
  position = $state(0);
  speed = $state(1);
  skipSilence = $state(false);
  loop: Loop | null = $state.raw(null);
  trouble = $state('');
  /** Recordings that gave no sound, with the reason. */
  failed: Record<string, string> = $state({});
  tracks: readonly Track[] = [];
  from = 0;
  end = 0;
  /** One for each set of lanes that sound comes from. */
  #gains = new Map<string, { lanes: readonly string[]; gain: GainNode }>();
  #audible: (lane: string) => boolean = () => true;
  #run: Segment[] = [];
  /** Starts of the run that are not scheduled yet: their sound is still under way. */
  #due: Due[] = [];
  #voices = new Set<AudioBufferSourceNode>();
  #ended = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #frame = 0;
  #turn = 0;
  #sounds = new Map<string, Promise<Float32Array | null>>();
  #ready = new Map<string, AudioBuffer>();
  #making = new Set<string>();

  constructor(private readonly parts: EngineParts) {}

  /** What can be heard: loud lanes only. */
  get #heard(): Track[] {
    return this.tracks.filter((one) => this.#loud(one.lanes));
  }

  setTracks(tracks: readonly Track[], from: number, end: number): void {
    this.tracks = tracks;
    this.from = from;
    this.end = end;
  }

  /** Which lanes are loud; a lane that comes on joins in at once. */
  setAudible(audible: (lane: string) => boolean): void {
    const before = this.#heard.length;
    this.#audible = audible;
    for (const { lanes, gain } of this.#gains.values()) {
      gain.gain.setTargetAtTime(this.#loud(lanes) ? 1 : 0, gain.context.currentTime, 0.01);
    }
    if (this.playing && this.#heard.length !== before) this.#again();
  }

  async play(): Promise<void> {
    if (this.playing || this.loading) return;
    this.trouble = '';
    const turn = ++this.#turn;
    if (!(await this.parts.demand()) || turn !== this.#turn) return;
    if (this.position >= this.end || this.position < this.from) this.position = this.from;
    const { context } = this.parts.outlet();
    if (context.state !== 'running') await context.resume().catch(() => undefined);
    this.loading = true;
    await Promise.all(this.#near(this.position, WAIT_US).map((one) => this.#buffer(one)));
    if (turn !== this.#turn) return;
    this.loading = false;
    if (this.trouble) return;
    this.playing = true;
    this.#begin();
  }

  pause(): void {
    this.#turn += 1;
    this.loading = false;
    if (!this.playing) return;
    this.position = this.#clock() ?? this.position;
    this.#silence();
    this.playing = false;
  }

  toggle(): void {
    if (this.playing || this.loading) this.pause();
    else void this.play();
  }

  /** Stop with a reason that stays on the screen. */
  fail(words: string): void {
    this.pause();
    this.trouble = words;
  }

  seek(at: number): void {
    this.position = Math.min(Math.max(at, this.from), this.end);
    if (this.playing) this.#again();
  }

  step(seconds: number): void {
    this.seek((this.#clock() ?? this.position) + seconds * 1e6);
  }

  setSpeed(speed: number): void {
    this.#change(() => (this.speed = speed));
  }

  setSkip(on: boolean): void {
    this.#change(() => (this.skipSilence = on));
  }

  setLoop(loop: Loop | null): void {
    this.#change(() => (this.loop = loop && loop.b > loop.a ? loop : null));
  }

  #change(change: () => void): void {
    const at = this.playing ? this.#clock() : null;
    change();
    if (at === null) return;
    this.position = at;
    this.#again();
  }

  close(): void {
    this.pause();
    for (const { gain } of this.#gains.values()) gain.disconnect();
    this.#gains.clear();
    this.#sounds.clear();
    this.#ready.clear();
  }

  // ---- the run ------------------------------------------------------------------------------

  #clock(): number | null {
    return this.playing ? clockAt(this.#run, this.parts.outlet().context.currentTime) : null;
  }

  #again(): void {
    this.#silence();
    this.#begin();
  }

  #begin(): void {
    this.#run = [];
    this.#due = [];
    this.#ended = false;
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    const draw = (): void => {
      this.position = this.#clock() ?? this.position;
      this.#frame = requestAnimationFrame(draw);
    };
    this.#frame = requestAnimationFrame(draw);
  }

  #silence(): void {
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    for (const node of this.#voices) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    this.#voices.clear();
    this.#run = [];
    this.#due = [];
  }

  #tick(): void {
    const nowS = this.parts.outlet().context.currentTime;
    const rules = { speed: this.speed, skipSilence: this.skipSilence, loop: this.loop, end: this.end };
    const heard = this.#heard;
    if (!this.#ended) {
      const known = this.#run.length;
      const { run, ended } = extend(this.#run, this.position, nowS + START_S, nowS + AHEAD_S, rules, heard);
      for (const segment of run.slice(known)) {
        for (const start of starts(segment, heard)) {
          this.#due.push({ ...start, untilS: start.whenS + start.lengthS / segment.speed });
        }
      }
      this.#run = trimmed(run, nowS);
      this.#ended = ended;
    }
    this.#schedule(nowS);
    const clock = clockAt(this.#run, nowS) ?? this.position;
    for (const one of this.#near(clock, FETCH_AHEAD_US * this.speed)) void this.#buffer(one);
    const last = this.#run.at(-1);
    if (this.#ended && (!last || nowS >= endS(last))) {
      this.position = last ? last.to : this.position;
      this.#silence();
      this.playing = false;
    }
  }

  #schedule(nowS: number): void {
    const waiting: Due[] = [];
    for (const start of this.#due) {
      const track = this.tracks.find((one) => one.id === start.id);
      if (!track || start.untilS <= nowS) continue;
      const buffer = this.#ready.get(this.#key(start.id));
      if (buffer) this.#start(track, buffer, start, nowS);
      else if (!(start.id in this.failed)) waiting.push(start);
    }
    this.#due = waiting;
  }

  #start(track: Track, buffer: AudioBuffer, start: Start, nowS: number): void {
    const { context } = this.parts.outlet();
    const node = new AudioBufferSourceNode(context, { buffer });
    node.connect(this.#gain(track.lanes));
    // The buffer is stretched already: its time runs 1/speed of the recording's.
    const lateS = Math.max(0, nowS - start.whenS);
    node.start(Math.max(start.whenS, nowS), start.offsetS / this.speed + lateS, start.lengthS / this.speed - lateS);
    this.#voices.add(node);
    node.onended = () => {
      node.disconnect();
      this.#voices.delete(node);
    };
  }

  #loud(lanes: readonly string[]): boolean {
    return lanes.some((lane) => this.#audible(lane));
  }

  #gain(lanes: readonly string[]): GainNode {
    const known = this.#gains.get(lanes.join('\n'));
    if (known) return known.gain;
    const { context, input } = this.parts.outlet();
    const gain = new GainNode(context, { gain: this.#loud(lanes) ? 1 : 0 });
    gain.connect(input);
    this.#gains.set(lanes.join('\n'), { lanes, gain });
    return gain;
  }

  // ---- sound --------------------------------------------------------------------------------

  #near(at: number, ahead: number): Track[] {
    const { loop } = this;
    const reaches = (one: Track, from: number): boolean => one.to > from && one.from < from + ahead;
    return this.#heard.filter((one) => reaches(one, at) || (loop !== null && at + ahead > loop.b && reaches(one, loop.a)));
  }

  #key(id: string): string {
    return `${id} ${this.speed}`;
  }

  async #buffer(track: Track): Promise<void> {
    const key = this.#key(track.id);
    if (this.#ready.has(key) || this.#making.has(key) || track.id in this.failed) return;
    this.#making.add(key);
    const { speed } = this;
    try {
      const sound = await this.#sound(track);
      if (!sound) return;
      const stretched = await stretch(sound, RATE, speed);
      const buffer = new AudioBuffer({ length: Math.max(1, stretched.length), sampleRate: RATE, numberOfChannels: 1 });
      buffer.copyToChannel(stretched, 0);
      this.#ready.set(key, buffer);
      if (this.#ready.size > KEPT) this.#ready.delete(this.#ready.keys().next().value ?? '');
    } finally {
      this.#making.delete(key);
    }
  }

  #sound(track: Track): Promise<Float32Array | null> {
    const known = this.#sounds.get(track.id);
    if (known) return known;
    const made = this.#load(track);
    this.#sounds.set(track.id, made);
    if (this.#sounds.size > KEPT) this.#sounds.delete(this.#sounds.keys().next().value ?? '');
    return made;
  }

  async #load(track: Track): Promise<Float32Array | null> {
    try {
      const bytes = await this.parts.fetch(track.url);
      const decoded = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
      return decoded.getChannelData(0);
    } catch (error) {
      this.#sounds.delete(track.id);
      const lost = error instanceof RequestFailed && (error.status === 503 || error.status === 0 || error.status === 400);
      if (lost) this.fail(`Stopped: ${sentence(error)}`);
      else this.failed[track.id] = sentence(error);
      return null;
    }
  }
}
