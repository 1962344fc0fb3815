import { queryOptions } from '@tanstack/react-query';

import { get, post } from './client';
import type { Me, User } from './users';

export interface Check {
  has_users: boolean;
  allow_user_registration: boolean;
}

export interface NewAccount {
  username: string;
  email: string;
  password: string;
}

export const session = {
  check: () => post<Check>('/auth/check', undefined, { keepsLogin: true }),
  setUp: (account: NewAccount) => post<User>('/auth/setup', account, { keepsLogin: true }),
  logIn: (identifier: string, password: string) =>
    post<{ status: string; expires_in: number }>('/auth/login', { identifier, password }, { keepsLogin: true }),
  logOut: () => post<void>('/auth/logout', undefined, { keepsLogin: true }),
  me: (signal?: AbortSignal) => get<Me>('/auth/me', { signal }),
};

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => session.me(signal),
  staleTime: 60_000,
});
