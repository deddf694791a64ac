/** Sound of this desk: mixer, cues, microphone, replay, peer connection and whether it listens. */

import { BUSES, Mixer, monitorGain, openMicGain, type BusName } from '../audio/mixer';
import { Capture } from '../audio/capture';
import { CuePlayer, cueVolume, type Cue } from '../audio/cues';
import { Microphone } from '../audio/mic.svelte';
import { Player } from '../audio/player.svelte';
import { RtcSession } from '../audio/rtc';
import type { Prefs } from './prefs.svelte';

const RETRY_MS = 1_500;
/** A sound card's clock is judged over no less than this: at its start it stands still a moment. */
const JUDGE_MS = 1_000;

export interface AudioReport {
  running: boolean;
  advancing: boolean;
  sink: boolean;
}

export class Sound {
  running = $state(false);
  advancing = $state(true);
  sink = $state(true);
  /** `connected`, `connecting`, `failed` ... of the peer connection. */
  media: RTCPeerConnectionState | 'idle' = $state('idle');
  mediaTrouble = $state('');
  outputs: MediaDeviceInfo[] = $state([]);
  inputs: MediaDeviceInfo[] = $state([]);
  readonly mic: Microphone;
  readonly player: Player;
  #mixer: Mixer | null = null;
  #cues: CuePlayer | null = null;
  #capture: Capture | null = null;
  #rtc: RtcSession | null = null;
  #wanted: string[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** When the sound card's clock was looked at last, and what it said. */
  #judged: { at: number; time: number } | null = null;

  constructor(private readonly prefs: Prefs) {
    this.mic = new Microphone(() => this.mixer.context);
    this.mic.onTrack = (track) => void this.#rtc?.setMicrophone(track);
    this.player = new Player(() => this.mixer);
  }

  /** Made at first use: before a click browsers only allow a suspended one. */
  get mixer(): Mixer {
    if (!this.#mixer) {
      this.#mixer = new Mixer();
      this.#mixer.context.onstatechange = () => this.check();
      for (const bus of BUSES) this.#mixer.setVolume(bus, this.prefs.busVolume[bus] ?? 1);
    }
    return this.#mixer;
  }

  get capture(): Capture {
    this.#capture ??= new Capture(this.mixer);
    return this.#capture;
  }

  /** Names this page's connection to the server, empty without one. */
  get session(): string {
    return this.#rtc?.id ?? '';
  }

  get listening(): boolean {
    return this.running && this.advancing && this.sink;
  }

  /** Why there is no sound, in words. */
  get silentBecause(): string {
    if (!this.sink) return 'no headset or speaker: plug one in';
    if (!this.running) return 'click or press a key to turn the sound on';
    if (!this.advancing) return 'the sound card stands still: choose another device';
    return '';
  }

  async start(): Promise<void> {
    await this.mixer.resume();
    this.check();
    await this.devices();
  }

  /** Look whether the context runs, advances and has a sink; called each 2 s. */
  check(): AudioReport {
    const context = this.#mixer?.context;
    this.running = context?.state === 'running';
    if (!context || !this.running) {
      this.advancing = true;
      this.#judged = null;
    } else if (!this.#judged) {
      this.#judged = { at: performance.now(), time: context.currentTime };
    } else if (performance.now() - this.#judged.at >= JUDGE_MS) {
      this.advancing = context.currentTime > this.#judged.time;
      this.#judged = { at: performance.now(), time: context.currentTime };
    }
    return { running: this.running, advancing: this.running && this.advancing, sink: this.sink };
  }

  /** Which devices there are; a chosen one that went away falls back to the default. */
  async devices(): Promise<void> {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const all = await navigator.mediaDevices.enumerateDevices();
    this.outputs = all.filter((device) => device.kind === 'audiooutput');
    this.inputs = all.filter((device) => device.kind === 'audioinput');
    const speaks = typeof HTMLMediaElement.prototype.setSinkId === 'function';
    const back = !this.sink && this.outputs.length > 0;
    this.sink = !speaks || this.outputs.length > 0;
    // a browser stops the sound when its last device goes, and does not begin again by itself
    if (back) await this.mixer.resume();
    const chosen = this.prefs.devices['main'];
    if (chosen && !this.outputs.some((device) => device.deviceId === chosen)) {
      this.prefs.devices['main'] = '';
      await this.mixer.setMainDevice('').catch(() => undefined);
    }
  }

  async chooseDevice(bus: BusName | 'main', id: string): Promise<void> {
    this.prefs.devices[bus] = id;
    this.prefs.save();
    if (bus === 'main') await this.mixer.setMainDevice(id);
    else await this.mixer.setBusDevice(bus, id);
  }

  setBusVolume(bus: BusName, volume: number): void {
    this.prefs.busVolume[bus] = volume;
    this.prefs.save();
    this.mixer.setVolume(bus, volume);
  }

  applyVolumes(): void {
    for (const bus of BUSES) this.#mixer?.setVolume(bus, this.prefs.busVolume[bus] ?? 1);
  }

  cue(cue: Cue): void {
    if (!this.running) return;
    this.#cues ??= new CuePlayer(this.mixer.context, this.mixer.buses.alerts.input);
    this.#cues.play(cue, cueVolume(cue, this.prefs.cues[cue]));
  }

  cutCues(): void {
    this.#cues?.cut();
  }

  /** Volume and bus of a talkgroup after a change of selection, mute or volume. */
  place(talkgroup: string, selected: boolean, talking = false): void {
    if (!this.#mixer?.has(talkgroup)) return;
    const muted = this.prefs.mutedOf(talkgroup) || (talking && this.prefs.speaker);
    this.#mixer.setGain(talkgroup, muted ? 0 : this.prefs.volumeOf(talkgroup));
    this.#mixer.route(talkgroup, selected ? 'select' : 'monitor');
  }

  /** Gain of the buses: what is selected goes first, an open microphone before all of them. */
  duck(selected: boolean, selectReceives: boolean, microphoneOpen: boolean): void {
    const open = openMicGain(this.prefs.speaker, microphoneOpen);
    this.#mixer?.setBusGain('monitor', open * monitorGain(selected, selectReceives));
    for (const bus of ['select', 'alerts', 'replay'] as const) this.#mixer?.setBusGain(bus, open);
  }

  level(talkgroup: string): number {
    return this.#mixer?.level(talkgroup) ?? 0;
  }

  busLevel(bus: BusName): number {
    return this.#mixer?.busLevel(bus) ?? 0;
  }

  async mute(talkgroup: string, muted: boolean): Promise<void> {
    this.prefs.muted[talkgroup] = muted;
    this.prefs.save();
    await this.#rtc?.mute(talkgroup, muted).catch(() => undefined);
  }

  /** Hear these talkgroups; a new connection when the set is another one. */
  connect(talkgroups: string[], onTrack: (talkgroup: string) => void): void {
    const same = talkgroups.join() === this.#wanted.join();
    if (same && this.#rtc) return;
    this.#wanted = talkgroups;
    this.#open(onTrack);
  }

  #open(onTrack: (talkgroup: string) => void): void {
    clearTimeout(this.#retry);
    this.#rtc?.close();
    this.mixer.detachAll();
    const again = (words: string): void => {
      this.mediaTrouble = words;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#open(onTrack), RETRY_MS);
    };
    const rtc = new RtcSession({
      track: (talkgroup, track) => {
        this.mixer.attach(talkgroup, track);
        onTrack(talkgroup);
        if (this.prefs.mutedOf(talkgroup)) void rtc.mute(talkgroup, true).catch(() => undefined);
      },
      state: (state) => {
        if (this.#rtc !== rtc) return;
        this.media = state;
        if (state === 'connected') {
          this.mediaTrouble = '';
          void this.sendStats(); // the first one finds how far the clocks are apart
        }
        if (state === 'failed' || state === 'closed') again('no path for sound to the server');
      },
    });
    this.#rtc = rtc;
    this.media = 'connecting';
    rtc.open(this.#wanted, this.mic.track).catch((error: unknown) => {
      if (this.#rtc !== rtc) return;
      this.media = 'failed';
      again(error instanceof Error ? error.message : 'no path for sound to the server');
    });
  }

  /** Note which packets are played now; called twice a second. */
  sampleStats(): void {
    this.#rtc?.sample((talkgroup) => this.#mixer?.measure(talkgroup) ?? null);
  }

  async sendStats(): Promise<void> {
    const context = this.#mixer?.context;
    const output = context && this.running ? (context.baseLatency + context.outputLatency) * 1000 : null;
    await this.#rtc?.sendStats(output).catch(() => undefined);
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#rtc?.close();
    this.#rtc = null;
    this.#wanted = [];
    this.media = 'idle';
    this.player.stop();
    this.mic.close();
    this.#mixer?.detachAll();
  }
}
