import { csrfToken } from './csrf';
import { announce, onAnnouncement } from './tabs';

/** A refresh token is good for one use. Within this time another tab's renewal counts for this tab, too. */
const RECENT_MS = 5_000;

let running: Promise<boolean> | undefined;
let renewedAt = 0;
const listeners = new Set<() => void>();

onAnnouncement((message) => {
  if (message.kind === 'renewed') renewedAt = Date.now();
});

/** Renews the login; gives whether there is one. Concurrent callers, in all tabs, share one renewal. */
export function renewLogin(): Promise<boolean> {
  running ??= inTurn(renewUnlessRecent).finally(() => {
    running = undefined;
  });
  return running;
}

/** Called when a login that was there has ended and cannot be renewed. */
export function onSessionEnded(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function sessionEnded(): void {
  for (const listener of listeners) listener();
}

/** One tab at a time, where the browser offers locks (it does on HTTPS and on localhost). */
function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? navigator.locks.request('aster-renewal', work) : work();
}

async function renewUnlessRecent(): Promise<boolean> {
  if (Date.now() - renewedAt < RECENT_MS) return true;
  const csrf = csrfToken();
  if (!csrf) return false;
  const reply = await fetch('/api/v1/auth/refresh', {
    method: 'POST',
    headers: { 'x-csrf-token': csrf },
    credentials: 'same-origin',
  });
  if (!reply.ok) return false;
  renewedAt = Date.now();
  announce({ kind: 'renewed' });
  return true;
}
