/** The auditor's search as it stands in the URL, and as the server wants it. */

export interface Search {
  q: string;
  day: string;
  talkgroup: string;
  unit: string;
  incident: string;
  emergency: string;
  outcome: string;
}

export const EMPTY: Search = {
  q: '',
  day: '',
  talkgroup: '',
  unit: '',
  incident: '',
  emergency: '',
  outcome: '',
};

/** Read a search from the query of the address. */
export function fromUrl(query: URLSearchParams): Search {
  const search = { ...EMPTY };
  for (const key of Object.keys(EMPTY) as (keyof Search)[]) search[key] = query.get(key) ?? '';
  return search;
}

/** The query of the address: only what is set. */
export function toUrl(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (value) query.set(key, value);
  return query;
}

/** Parameters of `GET /calls`; a day is a day of this desk's clock. */
export function toApi(search: Search): Record<string, string | number> {
  const { day, ...rest } = search;
  const query: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(rest)) if (value) query[key] = value;
  if (day) {
    const from = new Date(`${day}T00:00:00`);
    const to = new Date(from);
    to.setDate(to.getDate() + 1);
    query['from'] = from.getTime() * 1000;
    query['to'] = to.getTime() * 1000 - 1;
  }
  return query;
}

/** Parts of a text, those that were searched for marked. */
export function marked(text: string, q: string): { text: string; hit: boolean }[] {
  const words = q.trim().split(/\s+/).filter((word) => word.length > 1);
  if (words.length === 0) return [{ text, hit: false }];
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text
    .split(new RegExp(`(${pattern})`, 'gi'))
    .filter(Boolean)
    .map((part) => ({ text: part, hit: new RegExp(`^(?:${pattern})$`, 'i').test(part) }));
}
