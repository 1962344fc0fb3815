import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, WHOLE } from './page';

/** Sizes from `min_file_size` (inclusive) to `max_file_size` (exclusive, 0 is no bound) go to the policy. */
export interface RuleRequest {
  policy_id: number;
  priority: number;
  min_file_size: number;
  max_file_size: number;
}

export interface Rule extends RuleRequest {
  id: number;
}

export interface Group {
  id: number;
  name: string;
  description: string;
  is_enabled: boolean;
  is_default: boolean;
  items: Rule[];
  created_at: string;
  updated_at: string;
}

export interface GroupRequest {
  name: string;
  description?: string;
  is_enabled?: boolean;
  is_default?: boolean;
  items: RuleRequest[];
}

export const groups = {
  create: (group: GroupRequest) => post<Group>('/admin/policy-groups', group),
  change: (id: number, change: Partial<GroupRequest>) => patch<Group>(`/admin/policy-groups/${id}`, change),
  remove: (id: number) => del<void>(`/admin/policy-groups/${id}`),
  moveUsers: (id: number, targetId: number) =>
    post<{ affected_users: number }>(`/admin/policy-groups/${id}/migrate-users`, { target_group_id: targetId }),
};

/** Where a file of some size would go for a user, as the server decides. */
export interface PolicyMatch {
  group_id: number;
  group_name: string;
  is_enabled: boolean;
  size: number;
  policy_id: number | null;
  policy_name: string | null;
  rules: {
    rule_id: number;
    policy_id: number;
    policy_name: string;
    min_file_size: number;
    max_file_size: number;
    outcome: 'chosen' | 'skipped' | 'not_reached';
  }[];
}

export const userMatchQuery = (userId: number, size: number) =>
  queryOptions({
    queryKey: ['groups', 'match', userId, size],
    queryFn: ({ signal }) => get<PolicyMatch>(`/admin/users/${userId}/policy-match`, { query: { size }, signal }),
    retry: false,
  });

export const groupsQuery = queryOptions({
  queryKey: ['groups'],
  queryFn: ({ signal }) => get<Page<Group>>('/admin/policy-groups', { query: { ...WHOLE }, signal }),
});

export const groupQuery = (id: number) =>
  queryOptions({
    queryKey: ['groups', id],
    queryFn: ({ signal }) => get<Group>(`/admin/policy-groups/${id}`, { signal }),
  });
