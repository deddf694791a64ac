/** Hash routes without a library: `#/`, `#/incident/ID`, `#/engineer/PAGE`, `#/audit/PAGE?q=`. */

export interface Route {
  page: string;
  rest: string[];
  query: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [where = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = where.split('/').filter(Boolean).map(decodeURIComponent);
  return { page: parts[0] ?? '', rest: parts.slice(1), query: new URLSearchParams(query) };
}

class Router {
  route: Route = $state.raw(parseRoute(location.hash));

  constructor() {
    const read = (): void => {
      this.route = parseRoute(location.hash);
    };
    addEventListener('hashchange', read);
    addEventListener('popstate', read);
  }

  go(where: string): void {
    location.hash = where;
  }

  /** Another address for the same page: no new entry in the history. */
  replace(where: string): void {
    history.replaceState(null, '', where);
    this.route = parseRoute(location.hash);
  }

  /** Change the query with a new entry in the history, so that back leads to the one before. */
  pushQuery(query: URLSearchParams): void {
    const base = location.hash.split('?')[0] ?? '#/';
    const text = query.toString();
    const next = text ? `${base}?${text}` : base;
    if (next === location.hash) return;
    history.pushState(null, '', next);
    this.route = parseRoute(location.hash);
  }

  /** Change the query without a new entry in the history. */
  setQuery(query: URLSearchParams): void {
    const base = location.hash.split('?')[0] ?? '#/';
    const text = query.toString();
    history.replaceState(null, '', text ? `${base}?${text}` : base);
    this.route = parseRoute(location.hash);
  }
}

export const router = new Router();
