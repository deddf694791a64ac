/** One timeline of an incident: what happened, notes, and suggestions in their place in time. */

import type { CallRow, Incident, Suggestion, TimelineEntry } from './api/types';
import type { IconName } from './icons';

export interface TimelineItem {
  key: string;
  t_utc: number;
  icon: IconName;
  words: string;
  by: string;
  suggestion: Suggestion | null;
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
  talkgroup: 'link',
};

/** Calls that belong to the incident: added or confirmed by a person. */
export function attachedCalls(incident: Incident): CallRow[] {
  const rows = incident.suggestions
    .filter((one) => one.state === 'confirmed')
    .flatMap((one) => (one.call_row ? [one.call_row] : []));
  return rows.sort((a, b) => b.started_utc - a.started_utc);
}

const item = (fields: Partial<TimelineItem> & { key: string; t_utc: number }): TimelineItem => ({
  icon: 'info',
  words: '',
  by: '',
  suggestion: null,
  ...fields,
});

/** Newest first; suggestions stand where their call began. */
export function merged(
  incident: Incident,
  nameOf: (talkgroup: string) => string = (id) => id,
): TimelineItem[] {
  const items = incident.timeline.map((entry, index) =>
    item({
      key: `e-${index}-${entry.t_utc}`,
      t_utc: entry.t_utc,
      icon: ICONS[entry.kind] ?? 'info',
      words: timelineWords(entry, nameOf),
      by: entry.who,
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
  return items.sort((a, b) => b.t_utc - a.t_utc);
}

function timelineWords(entry: TimelineEntry, nameOf: (talkgroup: string) => string): string {
  if (entry.kind === 'talkgroup') return `Talkgroup ${nameOf(entry.text)} added`;
  if (entry.kind === 'opened') return `Opened: ${entry.text}`;
  if (entry.kind === 'closed') return `Closed: ${entry.text}`;
  return entry.text || entry.kind;
}
