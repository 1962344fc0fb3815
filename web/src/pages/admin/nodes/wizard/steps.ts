import type { Group } from '@/api/groups';
import type { Node } from '@/api/nodes';
import type { GroupUse } from '@/api/overview';
import type { Policy } from '@/api/policies';
import type { Target } from '@/api/targets';

import { wasProbed } from '../state';

/** The steps that bring a follower into service, in their order. */
export const STEPS = ['site', 'name', 'address', 'enroll', 'test', 'target', 'policy', 'group', 'user'] as const;
export type Step = (typeof STEPS)[number];

export interface Facts {
  /** The addresses of this site; followers are told the first. */
  siteUrls: string[];
  node: Node;
  /** `undefined` while the follower was not asked, or does not answer. */
  targets: Target[] | undefined;
  policies: Policy[];
  groups: Group[];
  /** Who has which group; `undefined` while it is not known. */
  uses: readonly GroupUse[] | undefined;
}

/** A target whose latest accepted change is in effect. */
export const isApplied = (target: Target) =>
  target.last_error.trim() === '' && target.applied_revision >= target.desired_revision;

export const policiesOn = (nodeId: number, policies: Policy[]) =>
  policies.filter((policy) => policy.remote_node_id === nodeId);

export const groupsWith = (policies: Policy[], groups: Group[]) =>
  groups.filter((group) => group.items.some((rule) => policies.some((policy) => policy.id === rule.policy_id)));

/**
 * The first step that is not done, or `done`. Nothing of the way is stored: whoever comes back, in whatever browser,
 * finds the step that the server's state asks for.
 */
export function nextStep({ siteUrls, node, targets, policies, groups, uses }: Facts): Step | 'done' {
  if (siteUrls.length === 0) return 'site';
  const enrolled = node.enrollment_status === 'completed';
  // "No address yet" is a choice that shows only in what came after it: a token was made all the same.
  if (node.base_url === '' && (enrolled || node.enrollment_status === 'not_started')) return 'address';
  if (!enrolled) return 'enroll';
  if (!isUsable(node)) return 'test';
  if (!hasDefaultTarget(node, targets)) return 'target';
  const own = policiesOn(node.id, policies);
  if (own.length === 0) return 'policy';
  const having = groupsWith(own, groups);
  if (having.length === 0) return 'group';
  return uses === undefined || isGiven(having, uses) ? 'done' : 'user';
}

/** Whether anybody has one of the groups. */
export function isGiven(groups: readonly Group[], uses: readonly GroupUse[]): boolean {
  return uses.some((use) => use.users + use.teams > 0 && groups.some((group) => group.id === use.policy_group_id));
}

/** Whether the last probe found nothing that stands in the way of a target. */
function isUsable(node: Node): boolean {
  const trouble = node.diagnosis !== null && !node.diagnosis.class.startsWith('ingress_target');
  return node.is_enabled && wasProbed(node) && !trouble;
}

function hasDefaultTarget(node: Node, targets: Target[] | undefined): boolean {
  if (targets) return targets.some((target) => target.is_default && isApplied(target));
  return node.capabilities.ingress_target?.state === 'ready';
}

/** Steps somebody may look at: everything before the next one, and that one. */
export function isOpen(step: Step, next: Step | 'done'): boolean {
  return next === 'done' || STEPS.indexOf(step) <= STEPS.indexOf(next);
}
