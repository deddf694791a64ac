/** The call log's search as it stands in the address, and as the server wants it. */

export interface Search {
  q: string;
  /** A day of this desk's clock, `2026-11-24`; not together with `from` and `to`. */
  day: string;
  /** Local date and time, `2026-11-24T14:20`. */
  from: string;
  to: string;
  talkgroup: string[];
  unit: string[];
  site: string[];
  system: string;
  incident: string;
  position: string;
  operator: string;
  /** `in` (from a radio) or `out` (from a desk). */
  direction: string;
  emergency: string;
  encrypted: string;
  outcome: string;
  /** Seconds. */
  longer: string;
  shorter: string;
  place: string;
  plan: string;
  /** Label or id of a patch. */
  patch: string;
  held: string;
  tag: string;
  order: string;
}

export type SearchKey = keyof Search;

export const EMPTY: Search = {
  q: '',
  day: '',
  from: '',
  to: '',
  talkgroup: [],
  unit: [],
  site: [],
  system: '',
  incident: '',
  position: '',
  operator: '',
  direction: '',
  emergency: '',
  encrypted: '',
  outcome: '',
  longer: '',
  shorter: '',
  place: '',
  plan: '',
  patch: '',
  held: '',
  tag: '',
  order: '',
};

const KEYS = Object.keys(EMPTY) as SearchKey[];
const LISTS: ReadonlySet<SearchKey> = new Set(['talkgroup', 'unit', 'site']);
export type ListKey = 'talkgroup' | 'unit' | 'site';
export type TextKey = Exclude<SearchKey, ListKey>;

export const isList = (key: SearchKey): key is ListKey => LISTS.has(key);

export function empty(): Search {
  return { ...EMPTY, talkgroup: [], unit: [], site: [] };
}

/** Read a search from the query of the address; what it does not know stays out. */
export function fromUrl(query: URLSearchParams): Search {
  const search = empty();
  for (const key of KEYS) {
    if (isList(key)) search[key] = [...new Set(query.getAll(key).filter(Boolean))];
    else search[key] = query.get(key) ?? '';
  }
  return search;
}

/** The query of the address: only what is set. */
export function toUrl(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = search[key];
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(key, one);
  }
  return query;
}

/** Whether anything is asked for at all. */
export const isEmpty = (search: Search): boolean => toUrl(search).size === 0;

const us = (date: Date): number => date.getTime() * 1000;

/** From the first to the last microsecond that a search is about; null where it has no bound. */
export function bounds(search: Search): { from: number | null; to: number | null } {
  if (search.day) {
    const from = new Date(`${search.day}T00:00:00`);
    const to = new Date(from);
    to.setDate(to.getDate() + 1);
    if (Number.isNaN(from.getTime())) return { from: null, to: null };
    return { from: us(from), to: us(to) - 1 };
  }
  const at = (text: string): number | null => {
    const date = new Date(text);
    return text && !Number.isNaN(date.getTime()) ? us(date) : null;
  };
  return { from: at(search.from), to: at(search.to) };
}

export type ApiQuery = Record<string, string | number | readonly string[]>;

const PLAIN: readonly TextKey[] = [
  'q', 'system', 'incident', 'position', 'operator', 'direction', 'emergency', 'encrypted', 'outcome',
  'plan', 'patch', 'held', 'tag', 'order',
];

/** Parameters of `GET /calls`; a day is a day of this desk's clock, a length comes in ms. */
export function toApi(search: Search): ApiQuery {
  const query: ApiQuery = {};
  for (const key of PLAIN) if (search[key]) query[key] = search[key];
  for (const key of ['talkgroup', 'unit', 'site'] as const) if (search[key].length > 0) query[key] = search[key];
  const { from, to } = bounds(search);
  if (from !== null) query['from_utc'] = from;
  if (to !== null) query['to_utc'] = to;
  const millis = (text: string): number => Math.round(Number(text) * 1000);
  if (search.longer) query['min_ms'] = millis(search.longer);
  if (search.shorter) query['max_ms'] = millis(search.shorter);
  if (search.place) query[/^-?[\d.]+,-?[\d.]+(?:,\d+)?$/.test(search.place) ? 'place' : 'place_id'] = search.place;
  return query;
}

