import { csrfToken } from './csrf';
import { ApiError, UnreachableError } from './errors';
import { reportReachable, reportUnreachable } from './reachability';
import { renewLogin, sessionEnded } from './renewal';

/** Requests with large bodies. `fetch` tells nothing while a body is on its way, so these are the older kind. */

export interface SendOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of the body that have left. */
  onProgress?: (bytes: number) => void;
}

/** The connection broke after everything had been sent: whether it was taken is not known. */
export class OutcomeUnknownError extends UnreachableError {
  constructor() {
    super('the answer was lost');
    this.name = 'OutcomeUnknownError';
  }
}

/** A store outside of this server did not take the bytes. `status` 0 is no answer: away, or CORS, or our own policy. */
export class StoreError extends Error {
  constructor(readonly status: number) {
    super(status === 0 ? 'the storage cannot be reached from this browser' : `the storage answered ${status}`);
    this.name = 'StoreError';
  }
}

interface Answer {
  status: number;
  text: string;
  etag: string | null;
}

interface Envelope {
  code: number;
  msg?: string;
  data?: unknown;
  error?: { code?: string; retryable?: boolean; detail?: unknown };
}

/** One call of our API with a large body; an ended access token is renewed once. */
export async function sendToServer<T>(
  method: string,
  path: string,
  body: Blob | FormData,
  options: SendOptions,
): Promise<T> {
  const url = `/api/v1${path}`;
  let answer = await sendOnce(method, url, body, options);
  if (answer.status === 401) {
    if (!(await renewLogin())) {
      sessionEnded();
      throw failureOf(answer);
    }
    answer = await sendOnce(method, url, body, options);
  }
  const envelope = envelopeOf(answer);
  if (answer.status < 300 && envelope?.code === 0) return envelope.data as T;
  throw failureOf(answer);
}

async function sendOnce(method: string, url: string, body: Blob | FormData, options: SendOptions): Promise<Answer> {
  const csrf = csrfToken();
  const headers: Record<string, string> = csrf ? { 'x-csrf-token': csrf } : {};
  const sent = await exchange(method, url, headers, body, options);
  if ('wholeBody' in sent) {
    reportUnreachable();
    throw sent.wholeBody ? new OutcomeUnknownError() : new UnreachableError('no answer');
  }
  reportReachable();
  return sent;
}

/** Puts bytes at a URL that another server signed; gives the ETag where it may be read. */
export async function sendToStore(url: string, body: Blob, options: SendOptions): Promise<string | null> {
  const sent = await exchange('PUT', url, {}, body, options);
  if ('wholeBody' in sent) throw new StoreError(0);
  if (sent.status < 200 || sent.status >= 300) throw new StoreError(sent.status);
  return sent.etag;
}

function exchange(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Blob | FormData,
  { signal, onProgress }: SendOptions,
): Promise<Answer | { wholeBody: boolean }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let wholeBody = false;
    const aborted = () => request.abort();
    const settle = (act: () => void) => () => {
      signal?.removeEventListener('abort', aborted);
      act();
    };
    if (signal?.aborted) return reject(abortError());
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress?.(event.loaded);
    request.upload.onload = () => {
      wholeBody = true;
    };
    request.onload = settle(() =>
      resolve({ status: request.status, text: request.responseText, etag: request.getResponseHeader('etag') }),
    );
    request.onerror = settle(() => resolve({ wholeBody }));
    request.onabort = settle(() => reject(abortError()));
    signal?.addEventListener('abort', aborted);
    request.send(body);
  });
}

export const abortError = () => new DOMException('stopped', 'AbortError');

function envelopeOf({ text }: Answer): Envelope | undefined {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return undefined;
  }
}

function failureOf(answer: Answer): Error {
  const envelope = envelopeOf(answer);
  // A proxy that answers for a server that is away.
  if (!envelope && [502, 503, 504].includes(answer.status)) return new UnreachableError(answer.status);
  const { code = 'unreadable', retryable = false, detail } = envelope?.error ?? {};
  return new ApiError(answer.status, code, envelope?.msg ?? `${answer.status}`, retryable, detail);
}
