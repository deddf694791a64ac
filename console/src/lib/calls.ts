/** Words of private and telephone calls: fixed, so that log, console and help say the same. */

import type { IndividualLog, PrivateCall } from './api/types';
import { length, running } from './words';

/** Stands for the track of the own call in the offer, and for its place in the mixer. */
export const PRIVATE_TRACK = 'private/0';

export const isPrivate = (target: string | null): boolean => target?.startsWith('private/') === true;

/** Who is at the other end. */
export function partyName(call: PrivateCall): string {
  return call.alias || call.digits || 'Number not shown';
}

/** Alias and number, where there are both. */
export function partyWords(call: PrivateCall): string {
  return call.alias && call.digits ? `${call.alias} (${call.digits})` : partyName(call);
}

export function kindWords(call: PrivateCall): string {
  if (call.kind === 'telephone') return 'Telephone';
  return call.duplex ? 'Private, duplex' : 'Private';
}

/** What is recorded of it, said before anybody answers. */
export function recordingWords(call: Pick<PrivateCall, 'recorded' | 'why'>): string {
  if (call.recorded) return 'Recorded';
  return call.why ? `NOT RECORDED: ${call.why}` : 'NOT RECORDED';
}

const PROGRESS: Record<string, string> = {
  dialling: 'Dialling',
  queued: 'Queued',
  ringing: 'Ringing there',
};

/** Where the call is, in words. */
export function stateWords(call: PrivateCall, now: number): string {
  switch (call.state) {
    case 'ringing':
      return `${call.direct ? 'On the line' : 'Waits'} ${running(now - call.started_utc / 1000)}`;
    case 'taken':
      return 'Connecting';
    case 'dialling':
      return PROGRESS[call.progress] ?? 'Dialling';
    case 'connected': {
      const since = call.connected_utc ?? call.started_utc;
      return `Connected ${running(now - since / 1000)}`;
    }
    default:
      return 'Missed';
  }
}

/** Who talks in a simplex call; it stands after a comma. */
export function talkWords(call: PrivateCall): string {
  if (call.duplex) return 'your microphone is open';
  if (call.talker === 'them') return `${partyName(call)} talks`;
  if (call.talker === 'us') return 'you talk';
  return 'hold Talk to speak';
}

/** Order of the queue: emergencies, then the rule's priority, then who waits longest. */
export function byQueue(a: PrivateCall, b: PrivateCall): number {
  return (
    Number(b.emergency) - Number(a.emergency) ||
    b.queue_priority - a.queue_priority ||
    a.started_utc - b.started_utc
  );
}

const OUTCOMES: Record<string, string> = {
  talked: 'Talked',
  missed: 'Missed',
  declined: 'Declined',
  not_reached: 'Not reached',
  cancelled: 'Withdrawn at the desk',
  open: 'Running',
  interrupted: 'Cut off: the server stopped',
};

/** The lines of the call sheet: a name and its words each. */
export function logLines(call: IndividualLog): [string, string][] {
  const who = call.alias && call.digits ? `${call.alias} (${call.digits})` : call.alias || call.digits || '-';
  const speech = call.duplex ? 'duplex' : 'simplex';
  const taken = call.operator ? `Position ${call.position ?? '-'}, ${call.operator}` : '-';
  return [
    [call.incoming ? 'Caller' : 'Called', who],
    ['Kind', `${call.kind === 'telephone' ? 'Telephone' : 'Private'}, ${speech}`],
    [call.incoming ? 'Answered by' : 'Called by', taken],
    ['Waited', call.waited_ms === null ? '-' : length(call.waited_ms)],
    ['Ended as', OUTCOMES[call.outcome] ?? call.outcome],
    ['Declined at', call.declined_at ? `Position ${call.declined_at.split(',').join(', ')}` : '-'],
    ['Recording', recordingWords(call)],
  ];
}

/** `ended: cause` in the words of the radio. */
export function endWords(name: string, outcome: string, cause: string): string {
  const said: Record<string, string> = {
    talked: 'Call ended',
    missed: 'Missed',
    declined: 'Declined',
    not_reached: 'Not reached',
    cancelled: 'Call ended',
  };
  return `${said[outcome] ?? 'Call ended'}, ${name}: ${cause}`;
}
