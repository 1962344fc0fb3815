import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { redirect } from '@tanstack/react-router';

import { ApiError } from '@/api/errors';
import { onSessionEnded } from '@/api/renewal';
import { meQuery, session } from '@/api/session';
import { announce, onAnnouncement } from '@/api/tabs';
import type { Me } from '@/api/users';

import { queryClient } from './queries';

/** The person signed in; only below the pages that need one. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** The same where there may be nobody. */
export function useMaybeMe(): Me | undefined {
  return useQuery({ ...meQuery, enabled: false }).data;
}

/** Guards a page: nobody signed in goes to the sign-in page, or to the setup of a new server, and comes back. */
export async function requireUser(here: string): Promise<Me> {
  try {
    return await queryClient.ensureQueryData(meQuery);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  const { has_users } = await session.check();
  throw has_users ? redirect({ to: '/login', search: { next: here } }) : redirect({ to: '/setup' });
}

/** Signs in and makes the person known to this tab and the others. */
export async function signIn(identifier: string, password: string): Promise<Me> {
  await session.logIn(identifier, password);
  const user = await queryClient.fetchQuery({ ...meQuery, staleTime: 0 });
  announce({ kind: 'signed-in', userId: user.id });
  return user;
}

export async function signOut(): Promise<void> {
  await session.logOut();
  announce({ kind: 'signed-out' });
  leave();
}

/** A full load: nothing of the person stays in memory. */
function leave(): void {
  window.location.assign('/login');
}

onAnnouncement((message) => {
  const user = queryClient.getQueryData(meQuery.queryKey);
  if (message.kind === 'signed-out' && user) leave();
  if (message.kind === 'signed-in' && user && user.id !== message.userId) window.location.assign('/');
});

/** Tells when a person who was signed in here no longer is. */
export function onLoginLost(listener: () => void): () => void {
  return onSessionEnded(() => {
    if (queryClient.getQueryData(meQuery.queryKey)) listener();
  });
}

/** Only paths of this app: a `next` from the address bar must not lead elsewhere. */
export function safeNext(next: unknown): string {
  if (typeof next !== 'string' || !/^\/(?![/\\])/.test(next) || /[\t\n\r\\]/.test(next)) return '/';
  return next;
}
