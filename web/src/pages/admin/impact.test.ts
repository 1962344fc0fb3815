import { expect, it } from 'vitest';

import type { Group } from '@/api/groups';
import type { Policy } from '@/api/policies';

import { groupsLeftShort, impactOfGroup, impactOfPolicies } from './impact';

const MIB = 1024 * 1024;
const policy = (id: number) => ({ id, name: `p${id}` }) as Policy;
const group = (id: number, rules: [policy: number, min: number, max: number][]) =>
  ({
    id,
    items: rules.map(([policy_id, min_file_size, max_file_size], index) => ({
      id: index + 1,
      priority: index + 1,
      policy_id,
      min_file_size,
      max_file_size,
    })),
  }) as Group;

const groups = [
  group(1, [[1, 0, 0]]),
  group(2, [
    [1, 0, 10 * MIB],
    [2, 10 * MIB, 0],
  ]),
  group(3, [
    [2, 0, 0],
    [1, 0, 0],
  ]),
];
const uses = {
  policies: [
    { policy_id: 1, blobs: 5, bytes: 100 },
    { policy_id: 2, blobs: 2, bytes: 7 },
  ],
  groups: [
    { policy_group_id: 1, users: 4, teams: 0 },
    { policy_group_id: 2, users: 1, teams: 2 },
  ],
};

it('counts what lies under a policy, and everybody whose uploads may go there', () => {
  const found = impactOfPolicies([policy(2)], groups, uses);
  expect(found.groups.map(({ id }) => id)).toEqual([2, 3]);
  expect(found).toMatchObject({ users: 1, teams: 2, blobs: 2, bytes: 7 });
  expect(impactOfPolicies([], groups, uses)).toMatchObject({ groups: [], users: 0, blobs: 0 });
});

it('counts who has a group', () => {
  expect(impactOfGroup(groups[0] as Group, uses)).toMatchObject({ users: 4, teams: 0, bytes: 0 });
  expect(impactOfGroup(groups[2] as Group, uses)).toMatchObject({ users: 0, teams: 0 });
});

it('finds the groups that refuse some sizes when a policy is passed over', () => {
  expect(groupsLeftShort([policy(2)], groups).map(({ id }) => id)).toEqual([2]);
  expect(groupsLeftShort([policy(1)], groups).map(({ id }) => id)).toEqual([1, 2]);
  expect(groupsLeftShort([policy(9)], groups)).toEqual([]);
});
