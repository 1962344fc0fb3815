import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, type PageRequest, WHOLE } from './page';

export const TEAM_ROLES = ['owner', 'admin', 'member'] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** A team as an administrator of the site sees it. */
export interface AdminTeam {
  id: number;
  name: string;
  description: string;
  member_count: number;
  storage_used: number;
  /** 0 is unlimited. */
  storage_quota: number;
  policy_group_id: number | null;
  created_by_user_id: number;
  archived_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface TeamMember {
  user_id: number;
  username: string;
  role: TeamRole;
  created_at: string;
}

export interface NewTeam {
  name: string;
  description?: string;
  /** Login name or mail address of the first owner. */
  admin_identifier: string;
  storage_quota?: number;
  policy_group_id?: number;
}

export interface TeamChange {
  name?: string;
  description?: string;
  storage_quota?: number;
  policy_group_id?: number;
}

const path = (id: number) => `/admin/teams/${id}`;

export const teamsAdmin = {
  create: (team: NewTeam) => post<AdminTeam>('/admin/teams', team),
  change: (id: number, change: TeamChange) => patch<AdminTeam>(path(id), change),
  archive: (id: number) => del<void>(path(id)),
  restore: (id: number) => post<AdminTeam>(`${path(id)}/restore`),
  addMember: (id: number, identifier: string, role: TeamRole) =>
    post<TeamMember>(`${path(id)}/members`, { identifier, role }),
  changeMember: (id: number, userId: number, role: TeamRole) =>
    patch<TeamMember>(`${path(id)}/members/${userId}`, { role }),
  removeMember: (id: number, userId: number) => del<void>(`${path(id)}/members/${userId}`),
};

export const adminTeamsQuery = (page: PageRequest) =>
  queryOptions({
    queryKey: ['admin-teams', page],
    queryFn: ({ signal }) => get<Page<AdminTeam>>('/admin/teams', { query: { ...page }, signal }),
    placeholderData: keepPreviousData,
  });

export const adminTeamQuery = (id: number) =>
  queryOptions({
    queryKey: ['admin-teams', 'one', id],
    queryFn: ({ signal }) => get<AdminTeam>(path(id), { signal }),
  });

export const teamMembersQuery = (id: number) =>
  queryOptions({
    queryKey: ['admin-teams', 'one', id, 'members'],
    queryFn: ({ signal }) => get<Page<TeamMember>>(`${path(id)}/members`, { query: { ...WHOLE }, signal }),
  });
