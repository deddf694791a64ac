/** The desk: all managers, wired to the stream, the sound and the press. One per page. */

import { api, sentence, socketUrl } from '../api/client';
import type { Envelope, Snapshot } from '../api/types';
import type { Cue } from '../audio/cues';
import { PRIVATE_TRACK } from '../calls';
import { hindrance } from '../hindrance';
import { KeyMap } from '../keys/keymap.svelte';
import { EventStream, STALE_MS } from '../stream/stream.svelte';
import { Ptt, type PressSource } from '../ptt/ptt.svelte';
import type { FromWorker } from '../ptt/protocol';
import { Activity } from './activity.svelte';
import { Alarms } from './alarms.svelte';
import { PrivateCalls } from './calls.svelte';
import { PlanChanges } from './changes.svelte';
import { Phone } from './phone';
import { time } from './clock.svelte';
import { patches } from './patches.svelte';
import { askMix, hears, positionChanged, replayAt } from './desk_parts';
import { places } from './places.svelte';
import { glass } from './glass.svelte';
import { Incidents, isNoisy } from './incidents.svelte';
import { liveViews } from './live.svelte';
import { LineTraces } from './lines.svelte';
import { Messages } from './messages.svelte';
import { notice } from './notices';
import { Prefs } from './prefs.svelte';
import { Screen } from './screen.svelte';
import { Session } from './session.svelte';
import { Siren } from './siren';
import { Sound } from './sound.svelte';
import { Talkgroups, type Talkgroup } from './talkgroups.svelte';
import { Units } from './units.svelte';
import { Zones } from './zones.svelte';

const AUDIBLE_TICK_MS = 500;
const TOAST_MS = 6_000;
const STATS_EVERY = 5;
const KEEP_MS = 1_000;
const LOST: ReadonlySet<string> = new Set(['down', 'unregistered', 'closed']);

export class Desk {
  readonly prefs = new Prefs();
  readonly keymap = new KeyMap(this.prefs);
  readonly session = new Session();
  readonly screen = new Screen();
  readonly talkgroups = new Talkgroups();
  readonly alarms = new Alarms();
  /** Tabs and cells of the board. */
  readonly zones: Zones;
  readonly changes = new PlanChanges();
  readonly messages = new Messages();
  readonly units = new Units();
  readonly activity = new Activity();
  readonly incidents = new Incidents();
  readonly calls = new PrivateCalls();
  readonly lines = new LineTraces();
  readonly sound = new Sound(this.prefs);
  readonly ptt: Ptt;
  readonly phone: Phone;
  readonly stream: EventStream;

  selected: string | null = $state(null);
  selectTrouble = $state('');
  /** Folder (zone tab) in view. */
  folder = $state('');
  loaded = $state(false);
  plan = $state({ number: 0, name: '' });
  sites: Snapshot['sites'] = $state([]);
  predefined: string[] = $state([]);
  /** The plan's table of statuses. */
  statuses: Snapshot['statuses'] = $state([]);
  logWritable = $state(true);
  logReason = $state('');
  diskLow = $state(false);
  deaf: Record<string, boolean> = $state({});
  toast = $state('');
  /** The own microphone goes to the server. */
  micOpen = $state(false);

  #worker: Worker | null = null;
  #timers: ReturnType<typeof setInterval>[] = [];
  #toastTimer: ReturnType<typeof setTimeout> | undefined;
  #keepTimer: ReturnType<typeof setTimeout> | undefined;
  #ticks = 0;
  #shown = new Set<string>();
  readonly #down = new Set<string>();
  readonly #siren = new Siren(this.alarms, this.talkgroups, (cue) => this.#alert(cue));

  constructor() {
    this.zones = new Zones(this.talkgroups, (id) => id === this.selected || this.alarms.of(id) !== undefined, this.screen.number);
    this.prefs.first = (id) => this.zones.first(id);
    this.ptt = new Ptt({
      send: (message) => this.#worker?.postMessage(message),
      microphone: (on) => this.#microphone(on),
      cue: (cue) => this.sound.cue(cue),
      cutCues: () => this.sound.cutCues(),
      hindrance: (talkgroup) => this.hindrance(talkgroup),
      limitS: (talkgroup) => this.talkgroups.byId.get(talkgroup)?.info.transmit_limit_s ?? 60,
      asked: (what) => askMix(what.mix, (words) => this.say(words)),
    });
    this.phone = new Phone({
      calls: this.calls,
      session: this.session,
      sound: this.sound,
      ptt: this.ptt,
      say: (words) => this.say(words),
      attempt: (what, task) => this.attempt(what, task),
      alert: (cue) => this.#alert(cue),
    });
    this.stream = new EventStream(() => socketUrl('/stream'), {
      head: (data) => data.planned_units && this.units.expect(),
      snapshot: (data) => this.#load(data),
      event: (envelope) => this.#take(envelope),
      // a window without sound says nothing of it: the one that has it does
      report: () => (this.screen.second ? {} : { audio: this.sound.check(), shown: this.#shownAlarms() }),
      refused: () => this.session.over(),
    });
    this.session.onReady = () => this.#start();
    this.session.onOver = () => this.#stop();
    this.sound.mic.onLost = () => this.ptt.abort('mic_lost', 'Not sent: microphone lost');
    this.sound.player.onPlayed = (id) => this.activity.played(id);
  }

  get selectedTalkgroup(): Talkgroup | null {
    return this.selected ? (this.talkgroups.byId.get(this.selected) ?? null) : null;
  }

  /** Where an emergency call of this desk goes. */
  get emergencyTalkgroup(): Talkgroup | null {
    return this.zones.emergency(this.selectedTalkgroup);
  }

  /** Seconds without news from the server, null while it is fresh. */
  get staleS(): number | null {
    if (!this.loaded) return null;
    const silent = time.fast - this.stream.lastHeard;
    return silent > STALE_MS ? Math.floor(silent / 1000) : null;
  }

  /** Why nothing can be sent on a talkgroup from this desk; empty when it can. */
  hindrance(talkgroup: string): string {
    return hindrance(this, talkgroup);
  }

  say(words: string): void {
    this.toast = words;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => (this.toast = ''), TOAST_MS);
  }

  /** Run a request and say in words what went wrong. */
  async attempt(what: string, task: () => Promise<unknown>): Promise<boolean> {
    try {
      const answer = (await task()) as { ok?: boolean; reason?: string } | undefined;
      if (answer?.ok !== false) return true;
      this.say(`${what}: ${answer.reason || 'refused'}`);
      return false;
    } catch (error) {
      this.say(`${what}: ${sentence(error)}`);
      return false;
    }
  }

  // ---- selection, mute, volume -------------------------------------------------------------

  async select(id: string, click = false): Promise<void> {
    if (!this.talkgroups.byId.has(id)) return;
    if (click) this.sound.cue('slot');
    this.#selected(id);
    if (!this.session.position) return;
    this.screen.tell(id);
    try {
      const answer = await api.select(id);
      if (this.selected === id && !answer.ok) this.selectTrouble = answer.reason;
    } catch (error) {
      if (this.selected === id) this.selectTrouble = sentence(error);
    }
  }

  #selected(id: string): void {
    this.selected = id;
    this.selectTrouble = '';
    this.placeSound();
  }

  toggleMute(id: string): void {
    const muted = !this.prefs.mutedOf(id);
    void this.sound.mute(id, muted);
    this.placeSound();
  }

  setVolume(id: string, volume: number): void {
    this.prefs.volumes[id] = volume;
    this.prefs.save();
    this.sound.place(id, id === this.selected);
  }

  placeSound(): void {
    for (const id of this.talkgroups.byId.keys()) {
      const talking = this.micOpen && id === this.ptt.current?.talkgroup;
      this.sound.place(id, id === this.selected || this.#alarmHot(id), talking);
    }
    this.sound.place(PRIVATE_TRACK, true);
    const selected = this.selectedTalkgroup;
    const call = this.calls.of(this.session.position);
    const first = call?.state === 'connected' || selected?.receiving === true;
    // in a duplex call the other side is heard while our microphone is open
    this.sound.duck(selected !== null || call !== undefined, first, this.micOpen && !this.ptt.inCall);
  }

  /** Loudspeakers go down before the microphone opens, and the emergency comes back after it. */
  #microphone(on: boolean): void {
    this.sound.mic.enable(on);
    if (this.micOpen === on) return;
    this.micOpen = on;
    if (this.prefs.speaker) this.placeSound();
    if (!on && this.alarms.raised.length > 0) this.#siren.start();
  }

  /** Hot-microphone sound of an open alarm is heard at select level. */
  #alarmHot(id: string): boolean {
    const alarm = this.alarms.of(id);
    return alarm !== undefined && alarm.state !== 'acknowledged';
  }

  /** J, K and L at a talkgroup. */
  replay(step: 'back' | 'play' | 'forward', talkgroup: string | null): void {
    replayAt(this, step, talkgroup, (cue) => this.#alert(cue));
  }

  // ---- press -------------------------------------------------------------------------------

  press(talkgroup: string | null, source: PressSource, latched = false): void {
    if (this.ptt.endLatch()) return;
    if (this.ptt.inCall) {
      this.say('Your microphone is open in a call: end the call first');
      return;
    }
    if (this.screen.second) {
      this.say('Push-to-talk and microphone are in the window of screen 1');
      return;
    }
    void this.sound.mixer.resume();
    if (!talkgroup) {
      this.say('Select a talkgroup first: click a tile, or Alt and its number');
      return;
    }
    const mic = this.sound.mic.state;
    if (mic !== 'ready' && mic !== 'asking') void this.sound.mic.open();
    this.ptt.press(talkgroup, source, latched && this.prefs.latch);
  }

  // ---- private calls -----------------------------------------------------------------------

  /** What a press goes to, by name. */
  targetName(target: string | null): string {
    return this.calls.name(target) || this.talkgroups.name(target);
  }

  async acknowledge(id?: string): Promise<void> {
    const alarm = id ?? this.alarms.raised[0]?.alarm;
    if (alarm) await this.attempt('Not acknowledged', () => api.acknowledge(alarm));
  }

  // ---- life --------------------------------------------------------------------------------

  /** Volumes, mutes and layout follow the operator. */
  async #mix(): Promise<void> {
    if (!this.session.can('desk.keep')) return;
    try {
      this.prefs.take((await api.desk()).state);
    } catch {
      return; // this desk's own copy serves
    }
    this.sound.applyVolumes();
    this.placeSound();
    this.prefs.onSave = (mix) => {
      clearTimeout(this.#keepTimer);
      this.#keepTimer = setTimeout(() => void api.keepDesk(mix).catch(() => undefined), KEEP_MS);
    };
  }

  #start(): void {
    void this.#mix();
    this.stream.start();
    const { user, position } = this.session;
    if (user && position) this.screen.follow(user.id, position, (id) => this.talkgroups.byId.has(id) && this.#selected(id));
    if (this.screen.second) return;
    this.#timers.push(setInterval(() => this.#audible(), AUDIBLE_TICK_MS));
    this.#siren.start();
    if (!this.session.can('voice.hear')) return;
    void this.sound.start();
    if (!this.session.position) return;
    void this.sound.mic.open().then(() => this.sound.devices());
    this.#worker = new Worker(new URL('../ptt/ptt.worker.ts', import.meta.url), { type: 'module' });
    this.#worker.onmessage = (message: MessageEvent<FromWorker>) => this.ptt.take(message.data);
    this.#worker.postMessage({ op: 'open', url: socketUrl('/ptt') });
  }

  #stop(): void {
    this.prefs.onSave = () => {};
    this.ptt.abort('signed_out');
    this.#worker?.postMessage({ op: 'close' });
    this.#worker?.terminate();
    this.#worker = null;
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.screen.leave();
    this.phone.stop();
    this.#siren.stop();
    this.stream.stop();
    this.sound.stop();
    this.loaded = false;
    this.selected = null;
    this.incidents.show(null);
    places.forget();
    this.units.forget();
  }

  #load(data: Snapshot): void {
    time.offsetMs = this.stream.offsetMs;
    this.talkgroups.load(data.talkgroups, data.links);
    this.zones.layout = data.layout;
    // An activation makes a new snapshot, and with it the event that tells of it may be passed over.
    void this.changes.load(this.session.position).then((told) => told && this.say(told));
    this.alarms.load(data.alarms);
    this.messages.load(data.messages);
    this.units.load(data.units, data.planned_units === true);
    this.activity.load(data.transmissions);
    this.incidents.load(data.incidents);
    this.calls.load(data.individual);
    patches.load(data.patches ?? []);
    this.phone.ring();
    this.session.positions = data.positions;
    this.session.permissions = data.me.permissions;
    this.plan = data.plan;
    this.sites = data.sites;
    this.deaf = Object.fromEntries(
      Object.entries(data.listening).map(([id, listening]) => [id, !listening]),
    );
    this.predefined = data.predefined_texts;
    this.statuses = data.statuses;
    this.logWritable = data.log.writable;
    this.logReason = data.log.reason ?? '';
    this.#down.clear();
    for (const link of data.links) if (LOST.has(link.state)) this.#down.add(link.id);
    this.diskLow = data.disk.low;
    if (!this.zones.names.includes(this.folder)) this.folder = this.zones.names[0] ?? '';
    if (this.selected && !this.talkgroups.byId.has(this.selected)) this.selected = null;
    this.loaded = true;
    if (this.session.can('voice.hear') && !this.screen.second) {
      const heard = this.talkgroups.list.filter((row) => row.may('hear')).map((row) => row.id);
      const own = this.session.position && this.session.can('individual.answer') ? [PRIVATE_TRACK] : [];
      this.sound.connect([...own, ...heard], () => this.placeSound());
    }
    this.placeSound();
  }

  #take(envelope: Envelope): void {
    this.talkgroups.take(envelope);
    patches.take(envelope);
    this.alarms.take(envelope);
    this.messages.take(envelope);
    this.units.take(envelope);
    const words = notice(envelope, this);
    if (words) this.say(words);
    this.activity.take(envelope, this.session.position);
    this.incidents.take(envelope);
    if (isNoisy(envelope)) this.#alert('incident');
    this.lines.take(envelope);
    glass.take(envelope, this.session.user?.id);
    void this.changes.take(envelope, this.session.position).then((told) => told && this.say(told));
    this.#own(envelope);
  }

  #own(envelope: Envelope): void {
    const data = envelope.data;
    switch (envelope.type) {
      case 'transmission.started':
      case 'transmission.ended':
        this.placeSound();
        break;
      case 'alarm.raised':
        this.placeSound();
        if (!this.screen.second) this.#siren.start();
        this.stream.report();
        break;
      case 'message.received':
        this.#alert('message');
        break;
      case 'link.changed':
        this.#linkCue(String(data['link']), String(data['state']));
        break;
      case 'log.state':
        this.logWritable = data['writable'] === true;
        this.logReason = String(data['reason'] ?? '');
        break;
      case 'disk.low':
        this.diskLow = data['step'] !== 'ok';
        break;
      case 'plan.activated':
        this.stream.refresh();
        break;
      default:
        liveViews.take(envelope);
        if (envelope.type.startsWith('position.')) positionChanged(this, envelope);
        else if (envelope.type.startsWith('individual.')) {
          this.phone.take(envelope);
          this.placeSound();
        }
    }
  }

  /** No alert tone while our microphone is open: it would go out on the radio. */
  #alert(cue: Cue): void {
    if (!this.ptt.hot && !this.micOpen && !this.screen.second) this.sound.cue(cue);
  }

  #linkCue(link: string, state: string): void {
    if (LOST.has(state) && !this.#down.has(link)) {
      this.#down.add(link);
      this.#alert('link_lost');
    } else if (state === 'up' && this.#down.delete(link)) this.#alert('link_back');
  }

  #shownAlarms(): string[] {
    if (document.visibilityState !== 'visible') return [...this.#shown];
    this.#shown = new Set(this.alarms.list.map((alarm) => alarm.alarm));
    return [...this.#shown];
  }

  /** Which overs were audible: decides the unheard dot. */
  #audible(): void {
    this.#ticks += 1;
    this.sound.sampleStats();
    if (this.#ticks % (2 * STATS_EVERY) === 0) void this.sound.sendStats();
    if (this.#ticks % 4 === 0) void this.sound.devices();
    for (const row of this.activity.live.values()) {
      if (!this.talkgroups.byId.get(row.talkgroup)?.may('hear')) continue;
      this.activity.heardFor(row.id, AUDIBLE_TICK_MS, hears(this, row.talkgroup, this.#alarmHot(row.talkgroup)));
    }
  }
}

export const desk = new Desk();
