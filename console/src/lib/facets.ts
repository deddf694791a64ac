/** The facets of the call log's search: their words, their choices, and what a chip says. */

import { isList, type Search, type SearchKey } from './search';

export interface Option {
  id: string;
  name: string;
}

/** What a facet needs of this room: the names that stand for ids. */
export interface FacetWorld {
  talkgroups: readonly Option[];
  units: readonly Option[];
  sites: readonly Option[];
  systems: readonly Option[];
  incidents: readonly Option[];
  positions: readonly Option[];
}

export interface Facet {
  id: string;
  name: string;
  kind: 'time' | 'many' | 'one' | 'text' | 'range' | 'place';
  keys: readonly SearchKey[];
  /** Shown as a chip also when it is not set. */
  first: boolean;
  options?: (world: FacetWorld) => readonly Option[];
  /** Words in an empty text field. */
  hint?: string;
}

const YES_NO: readonly Option[] = [
  { id: 'true', name: 'yes' },
  { id: 'false', name: 'no' },
];

export const OUTCOMES: readonly Option[] = [
  { id: 'interrupted', name: 'interrupted' },
  { id: 'uploaded', name: 'uploaded' },
  { id: 'open', name: 'still open' },
  { id: 'exercise', name: 'exercise' },
  { id: 'refused', name: 'refused' },
  { id: 'queued', name: 'queued' },
  { id: 'not_recorded', name: 'not recorded' },
];

export const FACETS: readonly Facet[] = [
  { id: 'time', name: 'Time', kind: 'time', keys: ['day', 'from', 'to'], first: true },
  { id: 'incident', name: 'Incident', kind: 'one', keys: ['incident'], first: true, options: (world) => world.incidents },
  { id: 'site', name: 'Site', kind: 'many', keys: ['site'], first: true, options: (world) => world.sites },
  { id: 'talkgroup', name: 'Talkgroup', kind: 'many', keys: ['talkgroup'], first: true, options: (world) => world.talkgroups },
  { id: 'unit', name: 'Unit', kind: 'many', keys: ['unit'], first: true, options: (world) => world.units, hint: 'Alias or number' },
  { id: 'position', name: 'Position', kind: 'one', keys: ['position'], first: true, options: (world) => world.positions },
  { id: 'emergency', name: 'Emergency', kind: 'one', keys: ['emergency'], first: true, options: () => YES_NO },
  { id: 'outcome', name: 'Outcome', kind: 'one', keys: ['outcome'], first: true, options: () => OUTCOMES },
  { id: 'system', name: 'System', kind: 'one', keys: ['system'], first: false, options: (world) => world.systems },
  { id: 'operator', name: 'Operator', kind: 'text', keys: ['operator'], first: false, hint: 'Name of an operator' },
  {
    id: 'direction', name: 'Direction', kind: 'one', keys: ['direction'], first: false,
    options: () => [{ id: 'in', name: 'from radios' }, { id: 'out', name: 'from desks' }],
  },
  { id: 'encrypted', name: 'Encrypted', kind: 'one', keys: ['encrypted'], first: false, options: () => YES_NO },
  { id: 'length', name: 'Length', kind: 'range', keys: ['longer', 'shorter'], first: false },
  { id: 'place', name: 'Place', kind: 'place', keys: ['place'], first: false },
  { id: 'patch', name: 'Patch', kind: 'text', keys: ['patch'], first: false, hint: 'Label, as P1' },
  { id: 'plan', name: 'Plan', kind: 'text', keys: ['plan'], first: false, hint: 'Number of a plan' },
  { id: 'held', name: 'Legal hold', kind: 'one', keys: ['held'], first: false, options: () => YES_NO },
  { id: 'tag', name: 'Tag', kind: 'text', keys: ['tag'], first: false, hint: 'A tag' },
  {
    id: 'order', name: 'Order', kind: 'one', keys: ['order'], first: false,
    options: () => [{ id: 'oldest', name: 'oldest first' }],
  },
];

export function isSet(facet: Facet, search: Search): boolean {
  return facet.keys.some((key) => search[key].length > 0);
}

/** The chips in their order: the first ones always, the others when they are set or were asked for. */
export function shownFacets(search: Search, added: readonly string[]): Facet[] {
  return FACETS.filter((facet) => facet.first || isSet(facet, search) || added.includes(facet.id));
}

/** `24 Nov 2026`. */
export function dayWords(day: string): string {
  const date = new Date(`${day}T12:00:00`);
  if (Number.isNaN(date.getTime())) return day;
  return `${date.getDate()} ${date.toLocaleString('en-GB', { month: 'short' })} ${date.getFullYear()}`;
}

/** `24 Nov 14:20`. */
function minuteWords(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getDate()} ${date.toLocaleString('en-GB', { month: 'short' })} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

const nameOf = (options: readonly Option[], id: string): string => options.find((one) => one.id === id)?.name ?? id;

/** What a chip says behind its name; empty when the facet is not set. */
export function chipWords(facet: Facet, search: Search, world: FacetWorld): string {
  if (!isSet(facet, search)) return '';
  if (facet.kind === 'time') {
    if (search.day) return dayWords(search.day);
    if (search.from && search.to) return `${minuteWords(search.from)} to ${minuteWords(search.to)}`;
    return search.from ? `from ${minuteWords(search.from)}` : `to ${minuteWords(search.to)}`;
  }
  if (facet.kind === 'range') {
    if (search.longer && search.shorter) return `${search.longer} to ${search.shorter} s`;
    return search.longer ? `${search.longer} s or longer` : `${search.shorter} s or shorter`;
  }
  const [key] = facet.keys;
  if (!key) return '';
  const options = facet.options?.(world) ?? [];
  if (!isList(key)) return nameOf(options, search[key]);
  const [head = '', ...rest] = search[key].map((id) => nameOf(options, id));
  return rest.length > 1 ? `${head} + ${rest.length}` : [head, ...rest].join(', ');
}

/** Take a facet out of a search. */
export function cleared(facet: Facet, search: Search): Search {
  const next = { ...search };
  for (const key of facet.keys) {
    if (isList(key)) next[key] = [];
    else next[key] = '';
  }
  return next;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-24` of a moment, by this desk's clock. */
export function dayOf(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `2026-11-24T14:20`, as a field for date and time wants it. */
export function minuteOf(atMs: number): string {
  const date = new Date(atMs);
  return `${dayOf(atMs)}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Times that are often asked for. */
export function presets(nowMs: number): { name: string; set: Pick<Search, 'day' | 'from' | 'to'> }[] {
  const back = (millis: number): Pick<Search, 'day' | 'from' | 'to'> => ({ day: '', from: minuteOf(nowMs - millis), to: '' });
  const yesterday = new Date(nowMs);
  yesterday.setDate(yesterday.getDate() - 1);
  return [
    { name: 'Last hour', set: back(3_600_000) },
    { name: 'Today', set: { day: dayOf(nowMs), from: '', to: '' } },
    { name: 'Yesterday', set: { day: dayOf(yesterday.getTime()), from: '', to: '' } },
    { name: 'Last 7 days', set: back(7 * 86_400_000) },
  ];
}
