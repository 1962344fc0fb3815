import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import type { AuditEntry } from './audit';
import { get } from './client';

/** What lies under a policy; one without blobs is not in the list. */
export interface PolicyUse {
  policy_id: number;
  blobs: number;
  bytes: number;
}

/** Whose uploads a group routes; one that nobody has is not in the list. */
export interface GroupUse {
  policy_group_id: number;
  users: number;
  teams: number;
}

export interface OverviewDay {
  date: string;
  uploads: number;
  uploaded_bytes: number;
  events: number;
}

export interface Overview {
  totals: {
    users: number;
    active_users: number;
    teams: number;
    files: number;
    blobs: number;
    stored_bytes: number;
    shares: number;
  };
  policies: PolicyUse[];
  groups: GroupUse[];
  days: OverviewDay[];
  events: AuditEntry[];
}

/** Days begin where this browser's clock says so. */
export const overviewQuery = (days = 14) =>
  queryOptions({
    queryKey: ['overview', days],
    queryFn: ({ signal }) =>
      get<Overview>('/admin/overview', {
        query: { days, utc_offset_minutes: -new Date().getTimezoneOffset(), event_limit: 8 },
        signal,
      }),
    placeholderData: keepPreviousData,
  });
