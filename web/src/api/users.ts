import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { del, get, patch, post, put } from './client';
import type { Page, PageRequest } from './page';
import type { Preferences } from './preferences';
import type { NewAccount } from './session';

export type Role = 'admin' | 'user';
export type UserStatus = 'active' | 'disabled';

export interface User {
  id: number;
  username: string;
  email: string;
  role: Role;
  status: UserStatus;
  storage_used: number;
  storage_quota: number;
  policy_group_id: number | null;
  created_at: string;
  updated_at: string;
}

/** The own record. */
export interface Me extends User {
  preferences: Preferences;
}

/** Which users are listed; absent members do not count. */
export interface UserFilter {
  /** Part of name or mail address. */
  keyword?: string;
  role?: Role;
  status?: UserStatus;
}

export interface UserChange {
  role?: Role;
  status?: UserStatus;
  storage_quota?: number;
  policy_group_id?: number;
}

export const users = {
  create: (account: NewAccount) => post<User>('/admin/users', account),
  change: (id: number, change: UserChange) => patch<User>(`/admin/users/${id}`, change),
  remove: (id: number) => del<void>(`/admin/users/${id}`),
  setPassword: (id: number, password: string) => put<void>(`/admin/users/${id}/password`, { password }),
  revokeSessions: (id: number) => post<{ sessions: number; tokens: number }>(`/admin/users/${id}/sessions/revoke`),
};

export const usersQuery = (page: PageRequest, filter: UserFilter = {}) =>
  queryOptions({
    queryKey: ['users', page, filter],
    queryFn: ({ signal }) => get<Page<User>>('/admin/users', { query: { ...filter, ...page }, signal }),
    placeholderData: keepPreviousData,
  });

export const userQuery = (id: number) =>
  queryOptions({
    queryKey: ['users', 'one', id],
    queryFn: ({ signal }) => get<User>(`/admin/users/${id}`, { signal }),
  });
