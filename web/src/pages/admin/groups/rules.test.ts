import { describe, expect, it } from 'vitest';

import type { Policy } from '@/api/policies';
import { nodeWith } from '@/testing/node';

import { gaps, inOrder, matchRules, ruleProblems, skippedPolicies, withPriorities } from './rules';

const rule = (policy_id: number, min_file_size: number, max_file_size: number) => ({
  policy_id,
  min_file_size,
  max_file_size,
});
const none = new Set<number>();

describe('the rule that takes a file', () => {
  it('has an inclusive lower and an exclusive upper bound', () => {
    const rules = [rule(1, 100, 200)];
    const winners = [99, 100, 199, 200].map((size) => matchRules(rules, size, none).winner);
    expect(winners).toEqual([undefined, 0, 0, undefined]);
  });

  it('is the first whose range holds, and 0 is no upper bound', () => {
    const rules = [rule(1, 100, 200), rule(2, 0, 0), rule(3, 0, 0)];
    expect(matchRules(rules, 150, none)).toEqual({ winner: 0, verdicts: ['takes', 'later', 'later'] });
    expect(matchRules(rules, 200, none)).toEqual({ winner: 1, verdicts: ['tooSmall', 'takes', 'later'] });
    expect(matchRules(rules, 0, none).verdicts[0]).toBe('tooLarge');
  });

  it('is never one on a disabled node', () => {
    const rules = [rule(1, 0, 0), rule(2, 0, 0)];
    expect(matchRules(rules, 5, new Set([1]))).toEqual({ winner: 1, verdicts: ['nodeDisabled', 'takes'] });
    expect(matchRules(rules, 5, new Set([1, 2])).winner).toBeUndefined();
  });
});

it('passes over policies on disabled nodes, not those on nodes that are away', () => {
  const policies = [
    { id: 1, remote_node_id: 1 },
    { id: 2, remote_node_id: 2 },
    { id: 3, remote_node_id: null },
  ] as Policy[];
  const nodes = [nodeWith({ id: 1, is_enabled: false }), nodeWith({ id: 2, last_error: 'away' })];
  expect(skippedPolicies(policies, nodes)).toEqual(new Set([1]));
});

it('asks rules by priority, then by age, and counts the places when it saves', () => {
  const rules = [
    { id: 3, priority: 2, ...rule(3, 0, 0) },
    { id: 2, priority: 2, ...rule(2, 0, 0) },
    { id: 9, priority: 1, ...rule(1, 0, 0) },
  ];
  expect(inOrder(rules).map((each) => each.policy_id)).toEqual([1, 2, 3]);
  expect(withPriorities([rule(5, 0, 1), rule(6, 1, 0)]).map((each) => each.priority)).toEqual([1, 2]);
});

it('finds the sizes that no rule takes', () => {
  expect(gaps([rule(1, 0, 100), rule(2, 100, 0)])).toEqual([]);
  expect(gaps([rule(1, 200, 300), rule(2, 10, 100)])).toEqual([
    { from: 0, to: 10 },
    { from: 100, to: 200 },
    { from: 300, to: undefined },
  ]);
});

it('refuses rules without policy, with one twice, and with reversed bounds', () => {
  const problems = ruleProblems([rule(1, 0, 0), rule(1, 0, 0), rule(0, 0, 0), rule(2, 5, 5)]);
  expect([...problems]).toEqual([
    [1, 'twice'],
    [2, 'policy'],
    [3, 'range'],
  ]);
});
