import { expect, it } from 'vitest';

import { diagnosisWith, nodeWith } from '@/testing/node';

import { checksOf } from './checks';
import { stateOf } from './state';

const tones = (node = nodeWith(), version = '0.1.0') =>
  Object.fromEntries(checksOf(node, version).map((check) => [check.id, check.tone]));

it('passes a node on which everything is all right', () => {
  expect(new Set(Object.values(tones()))).toEqual(new Set(['good']));
});

it('knows nothing of a node that was never probed, and does not call that a failure', () => {
  const capabilities = { protocol_version: 'unknown', min_supported_protocol_version: 'unknown' };
  const blank = { ...nodeWith().capabilities, ...capabilities };
  const { server_version: _, capacity: __, ingress_target: ___, ...rest } = blank;
  const node = nodeWith({ capabilities: rest, last_checked_at: null, latency_ms: null, clock_difference_ms: null });
  expect(new Set(Object.values(tones(node)))).toEqual(new Set(['off']));
});

it('tells an odd clock from one that makes the follower refuse', () => {
  const clock = (ms: number) => tones(nodeWith({ clock_difference_ms: ms })).clock;
  expect([clock(30_000), clock(-30_001), clock(300_000), clock(-300_001)]).toEqual(['good', 'warn', 'warn', 'bad']);
});

it('names the headers that browsers lack, whatever their case', () => {
  const node = nodeWith();
  node.capabilities.browser_cors.exposed_headers = ['etag', 'Accept-Ranges', 'CONTENT-LENGTH'];
  const cors = checksOf(node, '0.1.0').find((check) => check.id === 'cors');
  expect(cors).toMatchObject({ tone: 'bad', missing: ['content-range'] });
});

it('fails single features and warns of other releases and little space', () => {
  const node = nodeWith();
  node.capabilities.features.compose = false;
  node.capabilities.capacity = { free_bytes: 9, total_bytes: 100 };
  expect(tones(node, '0.2.0')).toMatchObject({ compose: 'bad', space: 'warn', version: 'warn', list: 'good' });
});

it('says of a refused connection that the follower is not reached, and of a missing target that it is', () => {
  expect(tones(nodeWith({ diagnosis: diagnosisWith('connection_refused') })).reach).toBe('bad');
  expect(tones(nodeWith({ diagnosis: diagnosisWith('ingress_target_missing') })).reach).toBe('good');
});

it('names the one thing about a node that matters most', () => {
  const state = (change: Parameters<typeof nodeWith>[0]) => stateOf(nodeWith(change)).id;
  expect(state({})).toBe('healthy');
  expect(state({ enrollment_status: 'expired', is_enabled: false })).toBe('expired');
  expect(state({ is_enabled: false, diagnosis: diagnosisWith('tls_failed') })).toBe('disabled');
  expect(state({ base_url: '' })).toBe('noAddress');
  expect(state({ diagnosis: diagnosisWith('ingress_target_missing') })).toBe('noTarget');
  expect(state({ diagnosis: diagnosisWith('tls_failed') })).toBe('failing');
  expect(state({ binding_pending: true })).toBe('untold');
});
