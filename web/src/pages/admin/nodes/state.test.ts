import { expect, it } from 'vitest';

import { diagnosisWith, nodeWith } from '@/testing/node';

import { stateOf } from './state';

it.each([
  ['healthy', {}],
  ['disabled', { is_enabled: false, diagnosis: diagnosisWith('connection_refused') }],
  ['noAddress', { base_url: '' }],
  ['noTarget', { diagnosis: diagnosisWith('ingress_target_missing') }],
  ['away', { unreachable_since: '2026-01-01T00:00:00Z', diagnosis: diagnosisWith('connection_refused') }],
  ['failing', { diagnosis: diagnosisWith('clock_skew') }],
  ['untold', { binding_pending: true }],
  ['expired', { enrollment_status: 'expired', is_enabled: false }],
] as const)('a node is %s', (state, change) => {
  expect(stateOf(nodeWith(change)).id).toBe(state);
});
