/** One timeline of an incident: what happened, notes, and suggestions in their place in time. */

import type { CallRow, Hint, Incident, Suggestion, TimelineEntry } from './api/types';
import type { IconName } from './icons';

export interface TimelineItem {
  key: string;
  t_utc: number;
  kind: string;
  icon: IconName;
  words: string;
  /** Words of a text message, where this person may read them. */
  quote: string;
  by: string;
  suggestion: Suggestion | null;
  hint: Hint | null;
  call: CallRow | null;
}

const ICONS: Record<string, IconName> = {
  camera: 'cam',
  event: 'cam',
  events: 'cam',
  opened: 'cam',
  note: 'note',
  call: 'radio',
  transmission: 'radio',
  alarm: 'tri',
  closed: 'check',
  talkgroup: 'radio',
  unit: 'car',
  status: 'car',
  text: 'mail',
  owner: 'user',
  merged: 'link',
  split: 'swap',
  exercise: 'flask',
  place: 'pin',
  priority: 'flag',
  title: 'note',
  storm: 'layers',
};

/** Calls that belong to the incident: added or confirmed by a person. */
export function attachedCalls(incident: Incident): CallRow[] {
  const rows = incident.suggestions
    .filter((one) => one.state === 'confirmed')
    .flatMap((one) => (one.call_row ? [one.call_row] : []));
  return rows.sort((a, b) => b.started_utc - a.started_utc);
}

/** From here on a suggestion is shown at the top; less is folded away. */
export const TOP_SCORE = 60;

const waits = (one: Suggestion | Hint): boolean => one.state === 'suggested' || one.state === 'open';

/** How many suggestions wait for a person: calls, units and cameras; the weak ones counted apart. */
export function waitingCounts(incident: Incident | null): { strong: number; weak: number } {
  const all = [...(incident?.suggestions ?? []), ...(incident?.hints ?? [])].filter(waits);
  const strong = all.filter((one) => one.score >= TOP_SCORE).length;
  return { strong, weak: all.length - strong };
}

/** Whether an entry is a suggestion that waits and is too weak to be shown unasked. */
export function isFolded(entry: TimelineItem): boolean {
  const one = entry.suggestion ?? entry.hint;
  return one !== null && waits(one) && one.score < TOP_SCORE;
}

const item = (fields: Partial<TimelineItem> & { key: string; t_utc: number }): TimelineItem => ({
  kind: '',
  icon: 'info',
  words: '',
  quote: '',
  by: '',
  suggestion: null,
  hint: null,
  call: null,
  ...fields,
});

/** Newest first; suggestions stand where their call began, answered hints are told by their line. */
export function merged(
  incident: Incident,
  nameOf: (talkgroup: string) => string = (id) => id,
): TimelineItem[] {
  const items = incident.timeline.map((entry, index) =>
    item({
      key: `e-${entry.id ?? index}-${entry.t_utc}`,
      t_utc: entry.t_utc,
      kind: entry.kind,
      icon: ICONS[entry.kind] ?? 'info',
      words: timelineWords(entry, nameOf),
      quote: entry.words ?? '',
      by: entry.who,
      call: entry.call_row ?? null,
    }),
  );
  for (const suggestion of incident.suggestions) {
    items.push(
      item({
        key: `s-${suggestion.id}`,
        t_utc: suggestion.call_row?.started_utc ?? suggestion.at ?? incident.opened_utc,
        suggestion,
      }),
    );
  }
  for (const hint of incident.hints) {
    if (hint.state === 'suggested') items.push(item({ key: `h-${hint.id}`, t_utc: hint.at, hint }));
  }
  return items.sort((a, b) => b.t_utc - a.t_utc);
}

function timelineWords(entry: TimelineEntry, nameOf: (talkgroup: string) => string): string {
  if (entry.erased_utc) return 'The words of this line were erased';
  if (entry.kind === 'talkgroup') {
    return `Talkgroup ${nameOf(entry.text)} ${entry.state === 'taken off' ? 'taken off' : 'added'}`;
  }
  if (entry.kind === 'unit' && entry.unit && /^(Assigned|Released)/.test(entry.text)) {
    const named = entry.unit_name ?? entry.unit.split('/')[1] ?? entry.unit;
    return entry.text === 'Assigned' || entry.text === 'Released' ? `${named}: ${entry.text.toLowerCase()}` : entry.text;
  }
  if (entry.kind === 'opened') return `Opened: ${entry.text}`;
  if (entry.kind === 'closed') return `Closed: ${entry.text}`;
  return entry.text || entry.kind;
}
