import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { del, get } from './client';
import type { Page, PageRequest } from './page';

export type ShareStatus = 'active' | 'expired' | 'exhausted' | 'unavailable';

/** A share as an administrator sees it: without its link. */
export interface AdminShare {
  id: number;
  target: { type: 'file' | 'folder'; id: number };
  /** Empty while the item is in the trash. */
  resource_name: string;
  owner: { type: 'user' | 'team'; id: number; name: string };
  shared_by: string;
  has_password: boolean;
  status: ShareStatus;
  expires_at: string | null;
  /** 0 is unlimited. */
  max_downloads: number;
  download_count: number;
  view_count: number;
  created_at: string;
}

export const sharesAdmin = {
  revoke: (id: number) => del<void>(`/admin/shares/${id}`),
};

export const adminSharesQuery = (filter: { user_id?: number }, page: PageRequest) =>
  queryOptions({
    queryKey: ['admin-shares', filter, page],
    queryFn: ({ signal }) => get<Page<AdminShare>>('/admin/shares', { query: { ...filter, ...page }, signal }),
    placeholderData: keepPreviousData,
  });
