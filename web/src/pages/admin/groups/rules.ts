import type { RuleRequest } from '@/api/groups';
import type { Node } from '@/api/nodes';
import type { Policy } from '@/api/policies';

/** A rule in the editor; its place in the list is its priority. */
export type DraftRule = Omit<RuleRequest, 'priority'>;

/** Why a rule does not take a file, or that it does. */
export type Verdict = 'takes' | 'tooSmall' | 'tooLarge' | 'nodeDisabled' | 'later';

export interface Matched {
  /** One for each rule, in the order of the rules. */
  verdicts: Verdict[];
  /** Index of the rule that takes the file. */
  winner: number | undefined;
}

/** Policies that are passed over because their node is disabled. A node that is merely away is not passed over. */
export function skippedPolicies(policies: Policy[], nodes: Node[]): Set<number> {
  const disabled = new Set(nodes.filter((node) => !node.is_enabled).map((node) => node.id));
  const skipped = policies.filter((policy) => policy.remote_node_id !== null && disabled.has(policy.remote_node_id));
  return new Set(skipped.map((policy) => policy.id));
}

/** Which rule takes a file of `size` bytes: the first whose range holds it and whose node is enabled. */
export function matchRules(rules: readonly DraftRule[], size: number, skipped: ReadonlySet<number>): Matched {
  let winner: number | undefined;
  const verdicts = rules.map((rule, index): Verdict => {
    if (size < rule.min_file_size) return 'tooLarge';
    if (rule.max_file_size !== 0 && size >= rule.max_file_size) return 'tooSmall';
    if (skipped.has(rule.policy_id)) return 'nodeDisabled';
    if (winner !== undefined) return 'later';
    winner = index;
    return 'takes';
  });
  return { verdicts, winner };
}

/** The rules of a group in the order they are asked. */
export function inOrder<T extends RuleRequest & { id?: number }>(rules: readonly T[]): T[] {
  return [...rules].sort((a, b) => a.priority - b.priority || (a.id ?? 0) - (b.id ?? 0));
}

/** What the server gets: priorities count the places. */
export function withPriorities(rules: readonly DraftRule[]): RuleRequest[] {
  return rules.map((rule, index) => ({ ...rule, priority: index + 1 }));
}

/** Sizes that no rule takes, as ranges; `to` undefined is without end. Disabled nodes count as taking. */
export function gaps(rules: readonly DraftRule[]): { from: number; to: number | undefined }[] {
  const ranges = rules
    .map((rule) => ({ from: rule.min_file_size, to: rule.max_file_size || Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.from - b.from);
  const found: { from: number; to: number | undefined }[] = [];
  let covered = 0;
  for (const range of ranges) {
    if (range.from > covered) found.push({ from: covered, to: range.from });
    covered = Math.max(covered, range.to);
  }
  if (covered !== Number.POSITIVE_INFINITY) found.push({ from: covered, to: undefined });
  return found;
}

/** What is wrong with the rules before they are sent; by index. */
export function ruleProblems(rules: readonly DraftRule[]): Map<number, 'policy' | 'twice' | 'range'> {
  const problems = new Map<number, 'policy' | 'twice' | 'range'>();
  const seen = new Set<number>();
  rules.forEach((rule, index) => {
    if (rule.max_file_size !== 0 && rule.max_file_size <= rule.min_file_size) problems.set(index, 'range');
    if (rule.policy_id === 0) problems.set(index, 'policy');
    else if (seen.has(rule.policy_id)) problems.set(index, 'twice');
    seen.add(rule.policy_id);
  });
  return problems;
}
