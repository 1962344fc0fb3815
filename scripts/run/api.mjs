// The primary's REST API as a script sees it: envelope in, `data` out, every refusal a Failure that names the call.

import { Failure } from './failure.mjs';

const CALL_TIMEOUT_MS = 60_000;

export class Api {
  #base;
  #token;

  constructor(url) {
    this.#base = `${url}/api/v1`;
  }

  get(path) {
    return this.#call('GET', path);
  }

  post(path, body = {}) {
    return this.#call('POST', path, body);
  }

  put(path, body) {
    return this.#call('PUT', path, body);
  }

  patch(path, body) {
    return this.#call('PATCH', path, body);
  }

  /** Keeps the access token from the cookie; as a bearer token it needs no CSRF header. */
  async login(identifier, password) {
    const reply = await this.#send('POST', '/auth/login', { identifier, password });
    await dataOf(reply, 'POST /auth/login');
    const cookie = reply.headers.getSetCookie().find((line) => line.startsWith('aster_access='));
    if (!cookie) throw new Failure('POST /auth/login answered without the cookie aster_access');
    this.#token = cookie.slice('aster_access='.length).split(';', 1)[0];
  }

  /** The reply itself, for bodies that are not JSON; any status. */
  raw(path) {
    return this.#send('GET', path);
  }

  async #call(method, path, body) {
    return dataOf(await this.#send(method, path, body), `${method} ${path}`);
  }

  async #send(method, path, body) {
    const headers = this.#token ? { authorization: `Bearer ${this.#token}` } : {};
    const isForm = body instanceof FormData;
    if (body !== undefined && !isForm) headers['content-type'] = 'application/json';
    const init = { method, headers, body: isForm || body === undefined ? body : JSON.stringify(body) };
    try {
      return await fetch(this.#base + path, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    } catch (error) {
      throw new Failure(`${method} ${path}: ${error.cause?.message ?? error.message}`);
    }
  }
}

async function dataOf(reply, call) {
  const text = await reply.text();
  let envelope;
  try {
    envelope = JSON.parse(text);
  } catch {
    throw new Failure(`${call} answered ${reply.status} without JSON: ${text.slice(0, 200)}`);
  }
  if (!reply.ok || envelope.code !== 0) {
    throw new Failure(`${call} answered ${reply.status}, code ${envelope.code}: ${envelope.msg}`);
  }
  return envelope.data;
}
