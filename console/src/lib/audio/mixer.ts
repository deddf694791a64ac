/**
 * The mixing desk in the page: per talkgroup source -> gain -> Select or Monitor bus -> limiter.
 *
 * One AudioContext at 48 kHz carries all buses. A bus that goes to another device than the
 * context's leaves through a MediaStream and an <audio> element of its own.
 */

export type BusName = 'select' | 'monitor' | 'alerts' | 'replay';
export const BUSES: readonly BusName[] = ['select', 'monitor', 'alerts', 'replay'];

const SMOOTH_S = 0.015;
export const MONITOR_DB = -9;
export const DUCK_DB = -6;
/** Alerts are never turned down below this. */
export const ALERT_FLOOR_DB = -20;

export const fromDb = (db: number): number => 10 ** (db / 20);

/** Gain of the monitor bus: lower once something is selected, lower still while select is heard. */
export function monitorGain(selected: boolean, selectReceives: boolean): number {
  return fromDb((selected ? MONITOR_DB : 0) + (selectReceives ? DUCK_DB : 0));
}

/** Loudspeakers while the own microphone is open, so that they do not go out on the radio. */
export const OPEN_MIC_DB = -24;

/** Further gain of every bus: 1 on a headset; low on a speaker while the microphone is open. */
export function openMicGain(speaker: boolean, microphoneOpen: boolean): number {
  return speaker && microphoneOpen ? fromDb(OPEN_MIC_DB) : 1;
}

const HEADROOM = 4;
const KNEE = fromDb(-3);

/**
 * Curve of the limiter: straight up to -3 dBFS, then bent so that full scale is never passed.
 * No look-ahead, so it adds no delay; two talkgroups at once cannot clip the output.
 */
export function limiterCurve(points = 8193): Float32Array<ArrayBuffer> {
  const curve = new Float32Array(points);
  for (let i = 0; i < points; i += 1) {
    const x = ((i / (points - 1)) * 2 - 1) * HEADROOM;
    const size = Math.abs(x);
    const room = 1 - KNEE;
    const bent = size <= KNEE ? size : KNEE + room * Math.tanh((size - KNEE) / room);
    curve[i] = Math.sign(x) * bent;
  }
  return curve;
}

interface Bus {
  /** Sounds come in here. */
  input: GainNode;
  /** The operator's volume. */
  volume: GainNode;
  meter: AnalyserNode;
  element: HTMLAudioElement | null;
  stream: MediaStreamAudioDestinationNode | null;
}

interface Channel {
  element: HTMLAudioElement;
  source: MediaStreamAudioSourceNode;
  gain: GainNode;
  meter: AnalyserNode;
  bus: 'select' | 'monitor';
}

export class Mixer {
  readonly context: AudioContext;
  readonly buses: Record<BusName, Bus>;
  readonly #limiter: WaveShaperNode;
  readonly #channels = new Map<string, Channel>();
  /** Mixed Select + Monitor before the volumes of other buses: what the diagnostics record. */
  readonly tap: GainNode;

  constructor() {
    this.context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
    this.#limiter = new WaveShaperNode(this.context, { curve: limiterCurve() });
    const down = new GainNode(this.context, { gain: 1 / HEADROOM });
    down.connect(this.#limiter).connect(this.context.destination);
    this.tap = new GainNode(this.context, { gain: 1 });
    this.buses = {
      select: this.#bus(down),
      monitor: this.#bus(down),
      alerts: this.#bus(down),
      replay: this.#bus(down),
    };
    this.buses.select.volume.connect(this.tap);
    this.buses.monitor.volume.connect(this.tap);
  }

  #bus(out: AudioNode): Bus {
    const input = new GainNode(this.context);
    const volume = new GainNode(this.context);
    const meter = new AnalyserNode(this.context, { fftSize: 1024 });
    input.connect(volume).connect(out);
    volume.connect(meter);
    return { input, volume, meter, element: null, stream: null };
  }

  get out(): AudioNode {
    return this.#limiter;
  }

  /** A click or key was seen: browsers give sound only after one. */
  async resume(): Promise<void> {
    if (this.context.state !== 'running') await this.context.resume().catch(() => undefined);
    for (const channel of this.#channels.values()) void channel.element.play().catch(() => undefined);
  }

  setVolume(bus: BusName, gain: number): void {
    const least = bus === 'alerts' ? fromDb(ALERT_FLOOR_DB) : 0;
    const target = Math.max(least, gain);
    this.buses[bus].volume.gain.setTargetAtTime(target, this.context.currentTime, SMOOTH_S);
  }

  setBusGain(bus: BusName, gain: number): void {
    this.buses[bus].input.gain.setTargetAtTime(gain, this.context.currentTime, SMOOTH_S);
  }

  /**
   * Attach a talkgroup's track. Chromium gives silence to a MediaStreamSource whose stream plays
   * nowhere else, hence the muted element.
   */
  attach(talkgroup: string, track: MediaStreamTrack): void {
    this.detach(talkgroup);
    const stream = new MediaStream([track]);
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    void element.play().catch(() => undefined);
    const source = this.context.createMediaStreamSource(stream);
    const gain = new GainNode(this.context);
    const meter = new AnalyserNode(this.context, { fftSize: 512 });
    source.connect(gain).connect(this.buses.monitor.input);
    source.connect(meter);
    this.#channels.set(talkgroup, { element, source, gain, meter, bus: 'monitor' });
  }

  detach(talkgroup: string): void {
    const channel = this.#channels.get(talkgroup);
    if (!channel) return;
    channel.source.disconnect();
    channel.gain.disconnect();
    channel.element.srcObject = null;
    this.#channels.delete(talkgroup);
  }

  detachAll(): void {
    for (const talkgroup of [...this.#channels.keys()]) this.detach(talkgroup);
  }

  has(talkgroup: string): boolean {
    return this.#channels.has(talkgroup);
  }

  setGain(talkgroup: string, gain: number): void {
    this.#channels.get(talkgroup)?.gain.gain.setTargetAtTime(gain, this.context.currentTime, SMOOTH_S);
  }

  route(talkgroup: string, bus: 'select' | 'monitor'): void {
    const channel = this.#channels.get(talkgroup);
    if (!channel || channel.bus === bus) return;
    channel.gain.disconnect();
    channel.gain.connect(this.buses[bus].input);
    channel.bus = bus;
  }

  /** Level of a talkgroup in 0..1 (-60 dBFS to 0), before volume and mute. */
  level(talkgroup: string): number {
    const channel = this.#channels.get(talkgroup);
    return channel ? readMeter(channel.meter) : 0;
  }

  /** Power (full scale 1) and peak of a talkgroup's newest 10 ms, before the operator's volume. */
  measure(talkgroup: string): { power: number; peak: number } | null {
    const channel = this.#channels.get(talkgroup);
    return channel ? measureMeter(channel.meter) : null;
  }

  busLevel(bus: BusName): number {
    return readMeter(this.buses[bus].meter);
  }

  /** Device of the context itself ('' is the default). */
  async setMainDevice(id: string): Promise<void> {
    const context = this.context as AudioContext & { setSinkId?: (id: string) => Promise<void> };
    if (context.setSinkId) await context.setSinkId(id);
  }

  /** Send a bus to a device of its own; '' sends it with the others again. */
  async setBusDevice(name: BusName, id: string): Promise<void> {
    const bus = this.buses[name];
    if (id === '') {
      if (bus.stream) bus.volume.disconnect(bus.stream);
      else return;
      bus.element?.pause();
      bus.element = null;
      bus.stream = null;
      const down = new GainNode(this.context, { gain: 1 / HEADROOM });
      down.connect(this.#limiter);
      bus.volume.connect(down);
      return;
    }
    bus.stream ??= this.context.createMediaStreamDestination();
    bus.element ??= new Audio();
    bus.element.srcObject = bus.stream.stream;
    await (bus.element as HTMLAudioElement & { setSinkId(id: string): Promise<void> }).setSinkId(id);
    bus.volume.disconnect();
    bus.volume.connect(bus.meter);
    if (name === 'select' || name === 'monitor') bus.volume.connect(this.tap);
    bus.volume.connect(bus.stream);
    await bus.element.play();
  }
}

const samples = new Float32Array(1024);

/** Peak of the newest block as 0..1 over 60 dB. */
export function readMeter(meter: AnalyserNode): number {
  const block = samples.subarray(0, Math.min(meter.fftSize, samples.length));
  meter.getFloatTimeDomainData(block);
  let peak = 0;
  for (const value of block) peak = Math.max(peak, Math.abs(value));
  return meterScale(peak);
}

export function measureMeter(meter: AnalyserNode): { power: number; peak: number } {
  const block = samples.subarray(0, Math.min(meter.fftSize, samples.length));
  meter.getFloatTimeDomainData(block);
  let peak = 0;
  let power = 0;
  for (const value of block) {
    peak = Math.max(peak, Math.abs(value));
    power += value * value;
  }
  return { power: power / block.length, peak };
}

export function meterScale(peak: number): number {
  if (peak <= 0.001) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(peak)) / 60));
}
