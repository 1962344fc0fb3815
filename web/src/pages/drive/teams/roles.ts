import { TEAM_ROLES, type TeamRole } from '@/api/teams';

/** Which roles somebody may give and take: an owner all, an admin all but that of an owner. */
export function rolesFor(own: TeamRole): TeamRole[] {
  if (own === 'owner') return [...TEAM_ROLES];
  return own === 'admin' ? TEAM_ROLES.filter((role) => role !== 'owner') : [];
}
