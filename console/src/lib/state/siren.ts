/** The two-tone of unacknowledged emergencies: sounded at once, then each 5 s. */

import type { Cue } from '../audio/cues';
import type { Alarms } from './alarms.svelte';
import { time } from './clock.svelte';
import type { Talkgroups } from './talkgroups.svelte';

const EMERGENCY_CYCLE_MS = 5_000;
/** So long it sounds even while its unit speaks. */
const FIRST_MS = 2_500;

export class Siren {
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly alarms: Alarms,
    private readonly talkgroups: Talkgroups,
    /** A tone, unless our microphone is open. */
    private readonly alert: (cue: Cue) => void,
  ) {}

  /** Sound now, then each 5 s. */
  start(): void {
    this.stop();
    this.#timer = setInterval(() => this.#sound(), EMERGENCY_CYCLE_MS);
    this.#sound();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Silent while the alarm's unit speaks. */
  #sound(): void {
    const loud = this.alarms.raised.some((alarm) => {
      const row = alarm.talkgroup ? this.talkgroups.byId.get(alarm.talkgroup) : undefined;
      const heard = row?.receiving === true && row.state.talker === alarm.unit;
      return !heard || time.now - alarm.t_raised_utc / 1000 < FIRST_MS;
    });
    if (loud) this.alert('emergency');
  }
}
