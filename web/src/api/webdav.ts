import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, WHOLE } from './page';

/** A name and password for programs that mount the drive; the login password does not work there. */
export interface WebdavAccount {
  id: number;
  username: string;
  /** The team whose space it sees; `null` is the own space. */
  team_id: number | null;
  /** The folder that it sees; `null` is everything. */
  root_folder_id: number | null;
  is_read_only: boolean;
  is_enabled: boolean;
  /** To the minute; `null` before the first use. */
  last_used_at: string | null;
  created_at: string;
}

export interface NewWebdavAccount {
  username: string;
  team_id?: number;
  root_folder_id?: number;
  is_read_only?: boolean;
}

export interface WebdavSettings {
  is_enabled: boolean;
  prefix: string;
  /** Where programs connect; `null` while no public site URL is set. */
  endpoint: string | null;
}

export const webdav = {
  /** The server makes the password; this is the only answer that has it. */
  create: (account: NewWebdavAccount) => post<WebdavAccount & { password: string }>('/webdav-accounts', account),
  change: (id: number, change: { is_read_only?: boolean; is_enabled?: boolean }) =>
    patch<WebdavAccount>(`/webdav-accounts/${id}`, change),
  remove: (id: number) => del<void>(`/webdav-accounts/${id}`),
};

export const webdavAccountsQuery = queryOptions({
  queryKey: ['webdav-accounts'],
  queryFn: ({ signal }) => get<Page<WebdavAccount>>('/webdav-accounts', { signal }),
});

export const webdavSettingsQuery = queryOptions({
  queryKey: ['webdav-accounts', 'settings'],
  queryFn: ({ signal }) => get<WebdavSettings>('/webdav-accounts/settings', { signal }),
  staleTime: 60_000,
});

/** The teams whose space an account may see: those that the person is in. */
export const webdavSpacesQuery = queryOptions({
  queryKey: ['teams', 'spaces'],
  queryFn: ({ signal }) => get<Page<{ id: number; name: string }>>('/teams', { query: { ...WHOLE }, signal }),
});
