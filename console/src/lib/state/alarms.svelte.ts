/** Open emergencies, oldest first; what the strip, the tiles and the sounder show. */

import type { Alarm, AlarmState, Envelope } from '../api/types';

export class Alarms {
  list: Alarm[] = $state([]);

  load(alarms: Alarm[]): void {
    this.list = [...alarms].sort((a, b) => a.t_raised_utc - b.t_raised_utc);
  }

  get raised(): Alarm[] {
    return this.list.filter((alarm) => alarm.state !== 'acknowledged');
  }

  get acknowledged(): Alarm[] {
    return this.list.filter((alarm) => alarm.state === 'acknowledged');
  }

  find(id: string): Alarm | undefined {
    return this.list.find((alarm) => alarm.alarm === id);
  }

  /** The alarm that a tile of this talkgroup shows: an unacknowledged one first. */
  of(talkgroup: string): Alarm | undefined {
    const mine = this.list.filter((alarm) => alarm.talkgroup === talkgroup);
    return mine.find((alarm) => alarm.state !== 'acknowledged') ?? mine[0];
  }

  take(envelope: Envelope): void {
    const data = envelope.data;
    const id = String(data['alarm']);
    switch (envelope.type) {
      case 'alarm.raised':
        this.#raise(envelope);
        break;
      case 'alarm.shown':
        this.#change(id, (alarm) => {
          if (alarm.state === 'raised') alarm.state = 'shown';
        });
        break;
      case 'alarm.acknowledged':
        this.#change(id, (alarm) => {
          alarm.state = 'acknowledged';
          alarm.acknowledged_by = String(data['operator'] ?? '');
          alarm.way = String(data['way'] ?? '');
          alarm.way_reason = String(data['reason'] ?? '');
          alarm.t_ack_utc ??= envelope.t_utc;
        });
        break;
      case 'alarm.answered':
        this.#change(id, (alarm) => {
          alarm.way = String(data['way'] ?? '');
          alarm.way_reason = String(data['reason'] ?? '');
        });
        break;
      case 'alarm.link_changed':
        this.#change(id, (alarm) => {
          alarm.link_lost = data['lost'] === true;
          alarm.link_lost_utc = alarm.link_lost ? envelope.t_utc : null;
          alarm.last_heard_utc = Number(data['last_heard_utc']) || alarm.last_heard_utc;
        });
        break;
      case 'alarm.escalated':
        this.#change(id, (alarm) => (alarm.escalated = String(data['step'])));
        break;
      case 'alarm.ended':
        this.list = this.list.filter((alarm) => alarm.alarm !== id);
        break;
    }
  }

  #change(id: string, change: (alarm: Alarm) => void): void {
    const alarm = this.find(id);
    if (alarm) change(alarm);
  }

  #raise(envelope: Envelope): void {
    const data = envelope.data as unknown as Alarm;
    const fresh: Alarm = {
      ...data,
      state: 'raised' satisfies AlarmState,
      acknowledged_by: '',
      way: '',
      way_reason: '',
      t_raised_utc: envelope.t_utc,
      t_ack_utc: null,
      link_lost: false,
      last_heard_utc: null,
      escalated: '',
    };
    const old = this.find(data.alarm);
    if (old) Object.assign(old, fresh); // raised anew: its age counts from the new sign
    else this.list.push(fresh);
  }
}
