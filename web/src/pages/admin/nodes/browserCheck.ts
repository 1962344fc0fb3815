import { type BrowserCheck, nodes } from '@/api/nodes';

/** What this browser could and could not do at the follower. */
export type BrowserOutcome =
  | { kind: 'passed'; ms: number }
  /** This page's own policy does not name the follower yet, because its address is newer than the page. */
  | { kind: 'reload' }
  /** A page on HTTPS may not call plain HTTP. */
  | { kind: 'mixed' }
  /** No answer that this page may read: network, certificate, or CORS. */
  | { kind: 'blocked'; step: 'put' | 'get'; url: string }
  | { kind: 'status'; step: 'put' | 'get'; status: number }
  /** The answers came, without headers that presigned transfers need. */
  | { kind: 'headers'; missing: string[] };

const VIOLATION_MS = 200;
const NEEDED = ['Accept-Ranges', 'Content-Range', 'Content-Length'];

/** Writes and reads one small object at the follower with presigned URLs, as an upload and a seek would. */
export async function checkFromBrowser(nodeId: number): Promise<BrowserOutcome> {
  const urls = await nodes.beginBrowserCheck(nodeId);
  const violations: string[] = [];
  const note = (event: SecurityPolicyViolationEvent) => violations.push(event.blockedURI);
  document.addEventListener('securitypolicyviolation', note);
  try {
    if (window.location.protocol === 'https:' && urls.put_url.startsWith('http:')) return { kind: 'mixed' };
    const outcome = await transfer(urls);
    if (outcome.kind !== 'blocked') return outcome;
    // The browser tells of its own policy a moment after it refused the call.
    await new Promise((later) => setTimeout(later, VIOLATION_MS));
    return violations.length > 0 ? { kind: 'reload' } : outcome;
  } finally {
    document.removeEventListener('securitypolicyviolation', note);
    await nodes.endBrowserCheck(nodeId).catch(() => {
      // The object is tiny, has a fixed name, and the next check writes over it.
    });
  }
}

async function transfer({ put_url: putUrl, get_url: getUrl, size }: BrowserCheck): Promise<BrowserOutcome> {
  const began = performance.now();
  const body = 'a'.repeat(size);
  const put = await reach(putUrl, { method: 'PUT', body, headers: { 'content-type': 'text/plain' } });
  if (!put) return { kind: 'blocked', step: 'put', url: origin(putUrl) };
  if (!put.ok) return { kind: 'status', step: 'put', status: put.status };
  const ms = performance.now() - began;
  const got = await reach(getUrl, { headers: { range: 'bytes=0-4' } });
  if (!got) return { kind: 'blocked', step: 'get', url: origin(getUrl) };
  if (got.status !== 206) return { kind: 'status', step: 'get', status: got.status };
  const missing = NEEDED.filter((name) => !got.headers.has(name));
  if (!put.headers.has('ETag')) missing.unshift('ETag');
  return missing.length > 0 ? { kind: 'headers', missing } : { kind: 'passed', ms };
}

async function reach(url: string, init: RequestInit): Promise<Response | undefined> {
  try {
    return await fetch(url, { ...init, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(15_000) });
  } catch {
    return undefined;
  }
}

const origin = (url: string) => new URL(url).origin;
