import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { get } from './client';
import type { Page, PageRequest } from './page';

export interface AuditEntry {
  id: number;
  user_id: number | null;
  action: string;
  entity_type: string;
  entity_id: number | null;
  entity_name: string;
  details: { text?: string };
  /** Empty where there was none. */
  ip_address: string;
  client: string;
  created_at: string;
}

export interface AuditFilter {
  user_id?: number;
  action?: string;
  entity_type?: string;
  after?: string;
  before?: string;
}

export const auditQuery = (filter: AuditFilter, page: PageRequest) =>
  queryOptions({
    queryKey: ['audit', filter, page],
    queryFn: ({ signal }) => get<Page<AuditEntry>>('/admin/audit-logs', { query: { ...filter, ...page }, signal }),
    placeholderData: keepPreviousData,
  });
