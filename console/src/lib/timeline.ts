/** One timeline of an incident: what happened, notes, and suggestions in their place in time. */

import type { CallRow, Incident, Suggestion } from './api/types';
import type { IconName } from './icons';

export interface TimelineItem {
  key: string;
  t_utc: number;
  icon: IconName;
  words: string;
  by: string;
  duration_ms: number | null;
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

/** Calls that belong to the incident: those a person added, and the confirmed suggestions. */
export function attachedCalls(incident: Incident): CallRow[] {
  const rows = new Map<string, CallRow>();
  for (const row of Array.isArray(incident.calls) ? incident.calls : []) rows.set(row.id, row);
  for (const one of incident.suggestions) {
    if (one.state === 'confirmed' && one.call_row) rows.set(one.call_row.id, one.call_row);
  }
  return [...rows.values()].sort((a, b) => b.started_utc - a.started_utc);
}

const item = (fields: Partial<TimelineItem> & { key: string; t_utc: number }): TimelineItem => ({
  icon: 'info',
  words: '',
  by: '',
  duration_ms: null,
  suggestion: null,
  ...fields,
});

/** Newest first; a note that the server also put in the timeline stands once. */
export function merged(incident: Incident): TimelineItem[] {
  const items = incident.timeline
    .filter((entry) => entry.kind !== 'suggestion')
    .map((entry, index) =>
      item({
        key: `e-${index}-${entry.t_utc}`,
        t_utc: entry.t_utc,
        icon: ICONS[entry.kind] ?? 'info',
        words: entry.words ?? entry.text ?? entry.kind,
        by: entry.by ?? '',
        duration_ms: entry.duration_ms ?? null,
      }),
    );
  const told = new Set(items.map((entry) => entry.words));
  for (const note of incident.notes) {
    if ([...told].some((words) => words.includes(note.text))) continue;
    items.push(
      item({ key: `n-${note.t_utc}`, t_utc: note.t_utc, icon: 'note', words: note.text, by: note.operator ?? note.by ?? '' }),
    );
  }
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
