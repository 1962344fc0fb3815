import { queryOptions } from '@tanstack/react-query';

import { get, patch, post } from './client';
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
  /** Only of the person who asks. */
  preferences?: Partial<Preferences>;
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
};

export const usersQuery = (page: PageRequest) =>
  queryOptions({
    queryKey: ['users', page],
    queryFn: ({ signal }) => get<Page<User>>('/admin/users', { query: { ...page }, signal }),
  });

export const userQuery = (id: number) =>
  queryOptions({
    queryKey: ['users', 'one', id],
    queryFn: ({ signal }) => get<User>(`/admin/users/${id}`, { signal }),
  });
