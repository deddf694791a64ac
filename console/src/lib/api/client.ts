/** The typed client: one `fetch` with cookie, CSRF header and errors in words. */

import type {
  ApiError,
  AuditEntry,
  AuditState,
  Body,
  CallAnswer,
  CallSearch,
  CallSheet,
  Candidate,
  ClaimLook,
  Handover,
  ImportPolicy,
  ImportReport,
  Incident,
  IncidentRow,
  LinkInfo,
  MessageSearch,
  PositionInfo,
  ProtocolLine,
  Room,
  SessionInfo,
  VerifyReport,
} from './types';
import type { Packed } from '../packed';

const BASE = '/api/v1';
const TIMEOUT_MS = 15_000;

/** An answer that was not a success; `message` is for the operator. */
export class RequestFailed extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
    readonly waitS: number,
  ) {
    super(message);
    this.name = 'RequestFailed';
  }
}

/** Sentence for any thrown value. */
export function sentence(error: unknown): string {
  if (error instanceof RequestFailed) {
    return error.hint ? `${error.message} (${error.hint})` : error.message;
  }
  return error instanceof Error ? error.message : String(error);
}

async function failure(response: Response): Promise<RequestFailed> {
  let message = `The server answered ${response.status}`;
  let hint = '';
  let wait = Number(response.headers.get('retry-after') ?? 0) || 0;
  try {
    const body = (await response.json()) as Partial<ApiError> & { detail?: unknown };
    if (typeof body.error === 'string') message = body.error;
    else if (body.error) {
      message = body.error.message;
      hint = body.error.hint ?? '';
    } else if (typeof body.detail === 'string') message = body.detail;
    if (typeof body.wait_s === 'number') wait = body.wait_s;
  } catch {
    // Not JSON: the status alone has to do.
  }
  return new RequestFailed(response.status, message, hint, wait);
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** Path with a query string; empty values are left out. */
export function withQuery(path: string, query: Query): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) parts.append(key, one);
    else if (value !== undefined && value !== null && value !== '') parts.set(key, String(value));
  }
  const text = parts.toString();
  return text ? `${path}?${text}` : path;
}

/** A path with each part encoded. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce(
    (out, part, index) => out + encodeURIComponent(values[index - 1] ?? '') + part,
  );
}

export class ApiClient {
  csrf = '';
  /** Told when the session is over (401), so that the sign-in page comes back. */
  onSignedOut: () => void = () => {};
  /** Id of the purpose that stands, sent with each request; empty for none. */
  purpose: () => string = () => '';
  /** Told when the server asks why somebody looks (428); true: try again with what stands now. */
  onPurposeNeeded: () => Promise<boolean> = () => Promise.resolve(false);

  async raw(method: string, where: string, body?: unknown, again = false, timeoutMs = TIMEOUT_MS): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const purpose = this.purpose();
    if (purpose) headers['x-samband-purpose'] = purpose;
    let payload: BodyInit | null = null;
    if (body instanceof FormData || body instanceof Blob) payload = body;
    else if (body !== undefined) {
      headers['content-type'] = 'application/json';
      payload = JSON.stringify(body);
    }
    if (method !== 'GET') headers['x-samband-csrf'] = this.csrf;
    let response: Response;
    try {
      response = await fetch(BASE + where, {
        method,
        headers,
        body: payload,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch {
      throw new RequestFailed(0, 'The server does not answer', 'check the network', 0);
    }
    // Asking which purposes stand never asks for one: it would go round for ever.
    if (response.status === 428 && !again && !where.startsWith('/purposes') && (await this.onPurposeNeeded())) {
      return this.raw(method, where, body, true, timeoutMs);
    }
    if (!response.ok) {
      const error = await failure(response);
      if (response.status === 401 && where !== '/session') this.onSignedOut();
      throw error;
    }
    return response;
  }

  /** The error of an answer that was not had by `raw`. */
  failed = (response: Response): Promise<RequestFailed> => failure(response);

  async json<T>(method: string, where: string, body?: unknown): Promise<T> {
    const response = await this.raw(method, where, body);
    if (response.status === 204) return undefined as T;
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  get<T>(where: string): Promise<T> {
    return this.json<T>('GET', where);
  }

  post<T = unknown>(where: string, body: unknown = {}): Promise<T> {
    return this.json<T>('POST', where, body);
  }

  /** Send a file as it is: the body is its bytes. */
  async sendFile<T>(where: string, file: Blob): Promise<T> {
    return (await (await this.raw('POST', where, file)).json()) as T;
  }

  delete<T = unknown>(where: string): Promise<T> {
    return this.json<T>('DELETE', where);
  }

  // ---- session and position ----------------------------------------------------------------

  room = (): Promise<Room> => this.get('/room');
  session = (): Promise<SessionInfo> => this.get('/session');
  signIn = (name: string, password: string): Promise<SessionInfo> =>
    this.post('/session', { name, password } satisfies Body<'SignIn'>);
  signOut = (): Promise<unknown> => this.delete('/session');
  accept = (
    token: string,
    person: Body<'AcceptInvitation'>,
  ): Promise<unknown> => this.post(path`/invitation/${token}`, person);
  positions = (): Promise<PositionInfo[]> => this.get('/positions');
  take = (
    id: string,
    takeOver: boolean,
  ): Promise<{ position: string; handover: Handover | null }> =>
    this.post(path`/positions/${id}/take`, { take_over: takeOver } satisfies Body<'TakePosition'>);
  leave = (text: string): Promise<unknown> =>
    this.post('/positions/leave', { handover_text: text } satisfies Body<'LeavePosition'>);
  select = (talkgroup: string): Promise<{ ok: boolean; reason: string }> =>
    this.post('/select', { talkgroup } satisfies Body<'Select'>);

  desk = (): Promise<{ state: Record<string, unknown> }> => this.get('/desk');
  keepDesk = (state: Body<'DeskBody'>['state']): Promise<unknown> =>
    this.json('PUT', '/desk', { state } satisfies Body<'DeskBody'>);

  // ---- calls and recordings ----------------------------------------------------------------

  calls = (query: Query): Promise<CallSearch> => this.get(withQuery('/calls', query));
  call = (id: string): Promise<CallSheet> => this.get(path`/calls/${id}`);
  noteCall = (id: string, text: string): Promise<unknown> =>
    this.post(path`/calls/${id}/notes`, { text } satisfies Body<'WriteNote'>);
  async recording(id: string, purpose: Query = {}): Promise<Blob> {
    const where = withQuery(path`/recordings/${id}`, purpose);
    return (await this.raw('GET', where)).blob();
  }
  peaks = (id: string): Promise<{ peaks: number[]; duration_ms: number }> =>
    this.get(path`/recordings/${id}/peaks`);

  // ---- messages and alarms -----------------------------------------------------------------

  send = (to: string, toTalkgroup: boolean, text: string, immediate = false): Promise<unknown> =>
    this.post('/messages', { to, to_talkgroup: toTalkgroup, text, immediate } satisfies Body<'SendText'>);
  sendStatus = (to: string, toTalkgroup: boolean, value: number): Promise<unknown> =>
    this.post('/messages/status', { to, to_talkgroup: toTalkgroup, value } satisfies Body<'SendStatus'>);
  askPosition = (unit: string): Promise<unknown> =>
    this.post('/messages/position-request', { unit, enabled: true } satisfies Body<'AskPosition'>);
  setReporting = (unit: string, enabled: boolean): Promise<unknown> =>
    this.post('/messages/position-reports', { unit, enabled } satisfies Body<'AskPosition'>);
  /** What the plan says of units; nothing when it is what `known` stands for. */
  plannedUnits = (known: string): Promise<{ mark: string; tables: Packed[] } | undefined> =>
    this.get(withQuery('/units/planned', { known }));
  alertUnit = (unit: string): Promise<unknown> => this.post('/units/alert', { unit } satisfies Body<'AskUnit'>);
  queryUnit = (unit: string): Promise<unknown> => this.post('/units/query', { unit } satisfies Body<'AskUnit'>);
  checkUnit = (unit: string): Promise<unknown> => this.post('/units/check', { unit } satisfies Body<'AskUnit'>);
  setUnitStatus = (unit: string, value: number): Promise<unknown> =>
    this.post('/units/status', { unit, value } satisfies Body<'SetUnitStatus'>);
  inhibitUnit = (body: Body<'InhibitUnit'>): Promise<unknown> => this.post('/units/inhibit', body);
  searchMessages = (query: Query): Promise<MessageSearch> => this.get(withQuery('/messages/search', query));
  read = (id: string): Promise<unknown> => this.post(path`/messages/${id}/read`);
  acknowledge = (id: string): Promise<unknown> => this.post(path`/alarms/${id}/acknowledge`);
  endAlarm = (id: string, reason: string): Promise<unknown> =>
    this.post(path`/alarms/${id}/end`, { reason } satisfies Body<'EndAlarm'>);

  // ---- private calls -----------------------------------------------------------------------

  dial = (whom: Body<'DialCall'>): Promise<CallAnswer> => this.post('/individual/dial', whom);
  answerCall = (call: string, microphone: string): Promise<CallAnswer> =>
    this.post(path`/individual/${call}/answer`, { microphone } satisfies Body<'AnswerCall'>);
  declineCall = (call: string): Promise<unknown> => this.post(path`/individual/${call}/decline`);
  hangUp = (call: string): Promise<unknown> => this.post(path`/individual/${call}/hang_up`);

  // ---- incidents ---------------------------------------------------------------------------

  incidents = (query: Query): Promise<IncidentRow[]> =>
    this.get<IncidentRow[] | { incidents: IncidentRow[] }>(withQuery('/incidents', query)).then(
      (answer) => (Array.isArray(answer) ? answer : answer.incidents),
    );
  incident = (id: string): Promise<Incident> => this.get(path`/incidents/${id}`);
  openIncident = (title: string, talkgroup?: string): Promise<{ id: string }> =>
    this.post('/incidents', talkgroup ? { title, talkgroup } : { title });
  decide = (id: string, suggestion: string, state: 'confirmed' | 'rejected'): Promise<unknown> =>
    this.post(path`/incidents/${id}/suggestions/${suggestion}`, { state } satisfies Body<'Judgement'>);
  addCall = (id: string, call: string): Promise<unknown> =>
    this.post(path`/incidents/${id}/calls`, { call } satisfies Body<'AttachCall'>);
  addTalkgroup = (id: string, talkgroup: string): Promise<unknown> =>
    this.post(path`/incidents/${id}/talkgroups`, { talkgroup } satisfies Body<'AssignTalkgroup'>);
  noteIncident = (id: string, text: string): Promise<unknown> =>
    this.post(path`/incidents/${id}/notes`, { text } satisfies Body<'IncidentNote'>);
  closeIncident = (id: string, reason: string): Promise<unknown> =>
    this.post(path`/incidents/${id}/close`, { reason } satisfies Body<'CloseIncident'>);

  // ---- faces, plates, stills and clips ---------------------------------------------------------

  candidates = (): Promise<Candidate[]> => this.get('/claims');
  lookAt = (id: string): Promise<ClaimLook> => this.get(path`/claims/${id}`);
  judge = (id: string, verdict: 'confirmed' | 'rejected', category: Body<'Verdict'>['category']): Promise<{ state: string }> =>
    this.post(path`/claims/${id}`, { verdict, category } satisfies Body<'Verdict'>);
  keepClip = (id: string, camera: string): Promise<unknown> =>
    this.post(path`/incidents/${id}/clips`, { camera });

  // ---- engineer ----------------------------------------------------------------------------

  links = (): Promise<LinkInfo[]> => this.get('/links');
  lines = (id: string): Promise<ProtocolLine[]> =>
    this.get<ProtocolLine[] | { lines: ProtocolLine[] }>(path`/links/${id}/lines`).then((answer) =>
      Array.isArray(answer) ? answer : answer.lines,
    );
  restart = (id: string): Promise<unknown> => this.post(path`/links/${id}/restart`);
  importTalkgroups(file: File, system: string, policy: ImportPolicy, apply: boolean): Promise<ImportReport> {
    const form = new FormData();
    form.set('file', file);
    form.set('system', system);
    form.set('policy', policy);
    form.set('apply', apply ? 'true' : 'false');
    return this.post('/import/talkgroups', form);
  }

  // ---- auditor -----------------------------------------------------------------------------

  auditState = (): Promise<AuditState> => this.get('/audit/state');
  auditEntries = (query: Query): Promise<AuditEntry[]> =>
    this.get<AuditEntry[] | { entries: AuditEntry[] }>(withQuery('/audit/entries', query)).then(
      (answer) => (Array.isArray(answer) ? answer : answer.entries),
    );
  verify = (): Promise<VerifyReport> => this.post('/audit/verify');
}

export const api = new ApiClient();

/** Address of a WebSocket of ours, with the page's own scheme and host. */
export function socketUrl(where: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}${BASE}${where}`;
}

/** Address of a still or clip; opening it is logged by the server. */
export const mediaUrl = (id: string): string => `${BASE}${path`/media/${id}`}`;
