import type { Group } from '@/api/groups';
import type { Overview } from '@/api/overview';
import type { Policy } from '@/api/policies';

/** Who and what something touches. */
export interface Impact {
  policies: Policy[];
  groups: Group[];
  /** Users and teams whose uploads those groups route. */
  users: number;
  teams: number;
  /** What lies under those policies. */
  blobs: number;
  bytes: number;
}

type Uses = Pick<Overview, 'policies' | 'groups'>;

/** What depends on these policies: the groups with a rule for one of them, and whoever has such a group. */
export function impactOfPolicies(policies: Policy[], groups: readonly Group[], uses: Uses): Impact {
  const ids = new Set(policies.map((policy) => policy.id));
  const touched = groups.filter((group) => group.items.some((rule) => ids.has(rule.policy_id)));
  const stored = uses.policies.filter((use) => ids.has(use.policy_id));
  return {
    policies,
    groups: touched,
    ...assigned(touched, uses),
    blobs: sum(stored, (use) => use.blobs),
    bytes: sum(stored, (use) => use.bytes),
  };
}

/** Who depends on a group. */
export function impactOfGroup(group: Group, uses: Uses): Impact {
  return { policies: [], groups: [group], ...assigned([group], uses), blobs: 0, bytes: 0 };
}

function assigned(groups: readonly Group[], uses: Uses): { users: number; teams: number } {
  const own = uses.groups.filter((use) => groups.some((group) => group.id === use.policy_group_id));
  return { users: sum(own, (use) => use.users), teams: sum(own, (use) => use.teams) };
}

const sum = <T>(items: readonly T[], part: (item: T) => number) => items.reduce((all, item) => all + part(item), 0);

/**
 * Groups that would take no file of some size any more without these policies: what a disabled node means for uploads.
 * A group with another rule for every size is not among them.
 */
export function groupsLeftShort(policies: readonly Policy[], groups: readonly Group[]): Group[] {
  const ids = new Set(policies.map((policy) => policy.id));
  return groups.filter((group) => {
    const lost = group.items.filter((rule) => ids.has(rule.policy_id));
    const left = group.items.filter((rule) => !ids.has(rule.policy_id));
    return lost.some((rule) => !covers(left, rule.min_file_size, rule.max_file_size || Number.POSITIVE_INFINITY));
  });
}

/** Whether the rules take every size from `from` up to `to`. */
function covers(rules: Group['items'], from: number, to: number): boolean {
  let reached = from;
  for (const rule of [...rules].sort((a, b) => a.min_file_size - b.min_file_size)) {
    if (rule.min_file_size > reached) break;
    reached = Math.max(reached, rule.max_file_size || Number.POSITIVE_INFINITY);
  }
  return reached >= to;
}
