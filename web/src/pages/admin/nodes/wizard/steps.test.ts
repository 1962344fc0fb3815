import { describe, expect, it } from 'vitest';

import type { Target } from '@/api/targets';
import { diagnosisWith, nodeWith } from '@/testing/node';

import { type Facts, isOpen, nextStep } from './steps';

const target = { is_default: true, desired_revision: 1, applied_revision: 1, last_error: '' } as Target;
const policy = { id: 7, remote_node_id: 1 } as Facts['policies'][number];
const group = { id: 4, items: [{ policy_id: 7 }] } as Facts['groups'][number];
const unprobed = { ...nodeWith().capabilities, protocol_version: 'unknown' };

const facts = (change: Partial<Facts> = {}): Facts => ({
  siteUrls: ['https://drive.example.com'],
  node: nodeWith(),
  targets: [target],
  policies: [policy],
  groups: [group],
  uses: [{ policy_group_id: 4, users: 1, teams: 0 }],
  ...change,
});

describe('the step that is next', () => {
  it.each([
    ['address', { node: nodeWith({ enrollment_status: 'not_started', base_url: '' }) }],
    ['enroll', { node: nodeWith({ enrollment_status: 'not_started' }) }],
    ['enroll', { node: nodeWith({ enrollment_status: 'pending', base_url: '' }) }],
    ['enroll', { node: nodeWith({ enrollment_status: 'expired', base_url: '' }) }],
    ['enroll', { node: nodeWith({ enrollment_status: 'redeemed' }) }],
    ['address', { node: nodeWith({ base_url: '' }) }],
    ['test', { node: nodeWith({ capabilities: unprobed, last_checked_at: null }) }],
    ['test', { node: nodeWith({ diagnosis: diagnosisWith('connection_refused') }) }],
    ['test', { node: nodeWith({ is_enabled: false }) }],
    ['target', { node: nodeWith({ diagnosis: diagnosisWith('ingress_target_missing') }), targets: [] }],
    ['target', { targets: [{ ...target, last_error: 'no room' }] }],
    ['target', { targets: [{ ...target, desired_revision: 2 }] }],
    ['policy', { policies: [] }],
    ['policy', { policies: [{ ...policy, remote_node_id: 2 }] }],
    ['group', { groups: [] }],
    ['user', { uses: [] }],
    ['user', { uses: [{ policy_group_id: 9, users: 3, teams: 1 }] }],
    ['site', { siteUrls: [], node: nodeWith({ enrollment_status: 'not_started', base_url: '' }) }],
    ['done', {}],
  ] as [string, Partial<Facts>][])('is %s', (step, change) => {
    expect(nextStep(facts(change))).toBe(step);
  });

  it('takes a team for somebody, and nobody for missing while that is not known', () => {
    expect(nextStep(facts({ uses: [{ policy_group_id: 4, users: 0, teams: 1 }] }))).toBe('done');
    expect(nextStep(facts({ uses: undefined }))).toBe('done');
  });

  it('goes by the last probe while the follower does not answer for its targets', () => {
    expect(nextStep(facts({ targets: undefined }))).toBe('done');
  });
});

it('lets one look back, never ahead', () => {
  expect(isOpen('name', 'test')).toBe(true);
  expect(isOpen('test', 'test')).toBe(true);
  expect(isOpen('target', 'test')).toBe(false);
  expect(isOpen('group', 'done')).toBe(true);
});
