import { csrfToken } from './csrf';
import { ApiError, UnreachableError } from './errors';
import { reportReachable, reportUnreachable } from './reachability';
import { renewLogin, sessionEnded } from './renewal';

const BASE = '/api/v1';
const SAFE = new Set(['GET', 'HEAD']);
/** Answers that mean "no valid access token"; the refresh token may still be good. */
const ACCESS_ENDED = new Set(['auth.token_expired', 'auth.token_invalid', 'auth.token_missing']);

export interface CallOptions {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: Blob;
  headers?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal | undefined;
  /** Calls that belong to signing in say themselves what a 401 means. */
  keepsLogin?: boolean;
}

interface Envelope<T> {
  code: number;
  msg?: string;
  data?: T;
  error?: { code?: string; retryable?: boolean; detail?: unknown };
}

/** One call of the REST API: cookies and CSRF header go along, an ended access token is renewed once. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const first = await send<T>(method, path, options);
  if (first.ok) return first.data;
  const ended = first.error.status === 401 && ACCESS_ENDED.has(first.error.code);
  if (!ended || options.keepsLogin) throw first.error;
  if (!(await renewLogin())) {
    sessionEnded();
    throw first.error;
  }
  const second = await send<T>(method, path, options);
  if (second.ok) return second.data;
  throw second.error;
}

export const get = <T>(path: string, options?: CallOptions) => call<T>('GET', path, options);
export const post = <T>(path: string, body?: unknown, options?: CallOptions) =>
  call<T>('POST', path, { ...options, body });
export const put = <T>(path: string, body: unknown) => call<T>('PUT', path, { body });
export const patch = <T>(path: string, body: unknown) => call<T>('PATCH', path, { body });
export const del = <T>(path: string) => call<T>('DELETE', path);

type Outcome<T> = { ok: true; data: T } | { ok: false; error: ApiError };

async function send<T>(method: string, path: string, options: CallOptions): Promise<Outcome<T>> {
  const reply = await reach(BASE + path + queryOf(options.query), {
    method,
    headers: { ...headersFor(method, options.body), ...options.headers },
    body: options.raw ?? (options.body === undefined ? null : JSON.stringify(options.body)),
    credentials: 'same-origin',
    signal: options.signal ?? null,
  });
  const envelope = await readEnvelope<T>(reply);
  if (reply.ok && envelope?.code === 0) return { ok: true, data: envelope.data as T };
  const code = envelope?.error?.code ?? 'unreadable';
  const message = envelope?.msg ?? `${reply.status} ${reply.statusText}`.trim();
  const retryable = envelope?.error?.retryable ?? false;
  return { ok: false, error: new ApiError(reply.status, code, message, retryable, envelope?.error?.detail) };
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    reportUnreachable();
    throw new UnreachableError(cause);
  }
  // A proxy that answers for a server that is away says so with one of these, and without our envelope.
  const proxySaysAway = [502, 503, 504].includes(reply.status) && !isJson(reply);
  if (proxySaysAway) {
    reportUnreachable();
    throw new UnreachableError(`${reply.status}`);
  }
  reportReachable();
  return reply;
}

async function readEnvelope<T>(reply: Response): Promise<Envelope<T> | undefined> {
  if (!isJson(reply)) return undefined;
  try {
    return (await reply.json()) as Envelope<T>;
  } catch {
    return undefined;
  }
}

const isJson = (reply: Response) => reply.headers.get('content-type')?.includes('json') ?? false;

function headersFor(method: string, body: unknown): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const csrf = csrfToken();
  if (!SAFE.has(method) && csrf) headers['x-csrf-token'] = csrf;
  return headers;
}

function queryOf(query: CallOptions['query']): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}
