/** What an operator likes on this machine: theme, volumes, mutes, devices, layout. */

export type Theme = 'dark' | 'light';
export type Layout = 'auto' | 'board' | 'list';

interface Kept {
  theme: Theme;
  layout: Layout;
  volumes: Record<string, number>;
  muted: Record<string, boolean>;
  busVolume: Record<string, number>;
  devices: Record<string, string>;
  cues: Record<string, number>;
  keys: Record<string, string>;
  speaker: boolean;
  latch: boolean;
  redEmergency: boolean;
}

const KEY = 'samband.prefs';

/** The part that follows the operator to another desk; devices belong to the machine. */
export type Mix = Pick<Kept, 'layout' | 'volumes' | 'muted' | 'busVolume' | 'cues' | 'keys'>;

function read(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
  } catch {
    return {};
  }
}

function firstTheme(): Theme {
  return document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark';
}

export class Prefs {
  theme: Theme = $state(firstTheme());
  layout: Layout = $state('auto');
  /** Per talkgroup, 0..1. */
  volumes: Record<string, number> = $state({});
  muted: Record<string, boolean> = $state({});
  /** Per bus, 0..1. */
  busVolume: Record<string, number> = $state({ select: 1, monitor: 1, alerts: 0.8, replay: 1 });
  devices: Record<string, string> = $state({});
  /** Volume of each cue, 0..1; what is not named is at full volume. */
  cues: Record<string, number> = $state({});
  /** Keys that are not the default ones: command to chord. */
  keys: Record<string, string> = $state({});
  /** This desk has a loudspeaker, not a headset. */
  speaker = $state(false);
  /** This desk may latch push-to-talk. */
  latch = $state(false);
  /** Emergencies in red, for rooms whose rules ask for it. */
  redEmergency = $state(false);

  /** Told after each change, to keep it on the server. */
  onSave: (mix: Mix) => void = () => {};

  /** What the position's layout gives a talkgroup of which this operator has set nothing. */
  first: (talkgroup: string) => { volume: number; muted: boolean } = () => ({ volume: 1, muted: false });

  constructor() {
    const kept = read();
    this.layout = kept.layout ?? 'auto';
    this.volumes = kept.volumes ?? {};
    this.muted = kept.muted ?? {};
    this.busVolume = { ...this.busVolume, ...kept.busVolume };
    this.devices = kept.devices ?? {};
    this.cues = kept.cues ?? {};
    this.keys = kept.keys ?? {};
    this.speaker = kept.speaker === true;
    this.latch = kept.latch === true;
    this.setRedEmergency(kept.redEmergency === true);
  }

  mutedOf(talkgroup: string): boolean {
    return this.muted[talkgroup] ?? this.first(talkgroup).muted;
  }

  volumeOf(talkgroup: string): number {
    return this.volumes[talkgroup] ?? this.first(talkgroup).volume;
  }

  get mix(): Mix {
    const { layout, volumes, muted, busVolume, cues, keys } = this;
    return $state.snapshot({ layout, volumes, muted, busVolume, cues, keys });
  }

  /** Take what the server kept for this operator. */
  take(mix: Partial<Mix>): void {
    this.layout = mix.layout ?? this.layout;
    this.volumes = { ...mix.volumes };
    this.muted = { ...mix.muted };
    this.busVolume = { ...this.busVolume, ...mix.busVolume };
    this.cues = { ...mix.cues };
    this.keys = { ...mix.keys };
  }

  /** Switch without reload: only the attribute changes, nothing moves. */
  toggleTheme(): void {
    this.theme = this.theme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = this.theme;
    try {
      localStorage.setItem('samband.theme', this.theme);
    } catch {
      // Private windows may refuse: then the choice lasts until reload.
    }
  }

  /** The hue alone changes: stripes, triangle and word stay what they are. */
  setRedEmergency(on: boolean): void {
    this.redEmergency = on;
    if (on) document.documentElement.dataset['emergency'] = 'red';
    else delete document.documentElement.dataset['emergency'];
  }

  save(): void {
    const { devices, speaker, latch, redEmergency } = this;
    try {
      localStorage.setItem(KEY, JSON.stringify({ ...this.mix, devices, speaker, latch, redEmergency }));
    } catch {
      // As above.
    }
    this.onSave(this.mix);
  }
}
