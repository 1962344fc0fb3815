import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, type PageRequest, WHOLE } from './page';

export const TEAM_ROLES = ['member', 'admin', 'owner'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

export interface Team {
  id: number;
  name: string;
  description: string;
  /** Of the person who asks. */
  role: TeamRole;
  member_count: number;
  storage_used: number;
  storage_quota: number;
  policy_group_id: number | null;
  created_by_user_id: number;
  archived_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface Member {
  user_id: number;
  username: string;
  role: TeamRole;
  created_at: string;
}

export interface TeamRequest {
  name: string;
  description: string;
}

export const teams = {
  create: (team: TeamRequest) => post<Team>('/teams', team),
  change: (id: number, change: Partial<TeamRequest>) => patch<Team>(`/teams/${id}`, change),
  archive: (id: number) => del<void>(`/teams/${id}`),
  add: (id: number, identifier: string, role: TeamRole) => post<Member>(`/teams/${id}/members`, { identifier, role }),
  changeRole: (id: number, user: number, role: TeamRole) => patch<Member>(`/teams/${id}/members/${user}`, { role }),
  remove: (id: number, user: number) => del<void>(`/teams/${id}/members/${user}`),
};

export const teamsQuery = queryOptions({
  queryKey: ['teams'],
  queryFn: ({ signal }) => get<Page<Team>>('/teams', { query: { ...WHOLE }, signal }),
});

export const teamQuery = (id: number) =>
  queryOptions({
    queryKey: ['teams', id],
    queryFn: ({ signal }) => get<Team>(`/teams/${id}`, { signal }),
  });

export const membersQuery = (id: number, page: PageRequest) =>
  queryOptions({
    queryKey: ['teams', id, 'members', page],
    queryFn: ({ signal }) => get<Page<Member>>(`/teams/${id}/members`, { query: { ...page }, signal }),
  });
