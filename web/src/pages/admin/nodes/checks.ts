import type { Features, Node } from '@/api/nodes';
import type { Tone } from '@/components/StateBadge';

import { wasProbed } from './state';

/** Beyond this a follower refuses signed requests; the wire contract says so. */
const MAX_CLOCK_SKEW_MS = 300_000;
/** Still accepted, but something is wrong with a clock. */
const ODD_CLOCK_MS = 30_000;
const SLOW_MS = 1_000;
const LOW_SPACE_SHARE = 0.1;

export const FEATURES = [
  'object_get',
  'object_head',
  'object_put',
  'object_delete',
  'list',
  'metadata',
  'compose',
  'range_get',
  'accept_ranges_header',
  'browser_presigned_cors',
] as const satisfies readonly (keyof Features)[];

/** What presigned upload and download need (tutorial of the follower storage policy, section 5). */
const CORS_ALLOWED = ['content-type', 'range'];
const CORS_EXPOSED = ['etag', 'accept-ranges', 'content-range', 'content-length'];

export type CheckId = 'reach' | 'protocol' | 'version' | 'target' | 'cors' | 'latency' | 'clock' | 'space' | 'limits';

/** One line of the capability summary. `hint` names the text that says what to do about it. */
export interface Check {
  id: CheckId | (typeof FEATURES)[number];
  kind: 'connection' | 'feature' | 'machine';
  tone: Tone;
  hint?: string;
  /** What was measured, for the text beside the label. */
  value?: { ms?: number; free?: number; total?: number; text?: string; bytes?: number };
  /** What lacks, by name. */
  missing?: string[];
}

/** The capability summary, line by line, from the last probe. `primaryVersion` is the release of this primary. */
export function checksOf(node: Node, primaryVersion: string | undefined): Check[] {
  return [...connection(node, primaryVersion), ...features(node), ...machine(node)];
}

function connection(node: Node, primaryVersion: string | undefined): Check[] {
  const { capabilities, diagnosis } = node;
  const probed = wasProbed(node);
  const kind = 'connection';
  const usable = diagnosis === null || diagnosis.class.startsWith('ingress_target');
  const answers = usable || diagnosis.class === 'version_mismatch' || diagnosis.class === 'requirements_missing';
  const tested = node.last_checked_at !== null;
  const mismatch = diagnosis?.class === 'version_mismatch';
  const range = [capabilities.min_supported_protocol_version, capabilities.protocol_version];
  const protocol = [...new Set(range.filter((label) => label && label !== 'unknown'))].join('–');
  const version = capabilities.server_version;
  const differs = version !== undefined && primaryVersion !== undefined && version !== primaryVersion;
  const condition = capabilities.ingress_target?.state;
  return [
    {
      id: 'reach',
      kind,
      tone: !tested ? 'off' : answers ? 'good' : 'bad',
      ...(tested && !answers && { hint: 'reach' }),
    },
    {
      id: 'protocol',
      kind,
      tone: mismatch ? 'bad' : probed ? 'good' : 'off',
      value: { text: protocol },
      ...(mismatch && { hint: 'protocol' }),
    },
    {
      id: 'version',
      kind,
      tone: version === undefined ? 'off' : differs ? 'warn' : 'good',
      value: { text: version ?? '' },
      ...(differs && { hint: 'version' }),
    },
    {
      id: 'target',
      kind,
      tone: condition === 'ready' ? 'good' : condition === 'failed' ? 'bad' : condition === 'missing' ? 'warn' : 'off',
      ...(condition === 'missing' && { hint: 'targetMissing' }),
      ...(condition === 'failed' && { hint: 'targetFailed' }),
      value: { text: capabilities.ingress_target?.detail ?? '' },
    },
  ];
}

function features(node: Node): Check[] {
  const probed = wasProbed(node);
  const kind = 'feature';
  const flags = FEATURES.map((id): Check => {
    const has = node.capabilities.features[id];
    return { id, kind, tone: !probed ? 'off' : has ? 'good' : 'bad', ...(probed && !has && { hint: 'feature' }) };
  });
  const { allowed_headers, exposed_headers } = node.capabilities.browser_cors;
  const missing = [...lacking(CORS_ALLOWED, allowed_headers), ...lacking(CORS_EXPOSED, exposed_headers)];
  const tone = !probed ? 'off' : missing.length > 0 ? 'bad' : 'good';
  return [...flags, { id: 'cors', kind, tone, ...(tone === 'bad' && { hint: 'cors', missing }) }];
}

function machine(node: Node): Check[] {
  const kind = 'machine';
  const { latency_ms: latency, clock_difference_ms: clock, capabilities } = node;
  const skew = clock === null ? 0 : Math.abs(clock);
  const space = capabilities.capacity;
  const low = space !== undefined && space.free_bytes < space.total_bytes * LOW_SPACE_SHARE;
  const limit = capabilities.limits.max_ingress_size;
  const lines: Check[] = [
    {
      id: 'latency',
      kind,
      tone: latency === null ? 'off' : latency > SLOW_MS ? 'warn' : 'good',
      ...(latency !== null && { value: { ms: latency } }),
      ...(latency !== null && latency > SLOW_MS && { hint: 'latency' }),
    },
    {
      id: 'clock',
      kind,
      tone: clock === null ? 'off' : skew > MAX_CLOCK_SKEW_MS ? 'bad' : skew > ODD_CLOCK_MS ? 'warn' : 'good',
      ...(clock !== null && { value: { ms: clock } }),
      ...(skew > ODD_CLOCK_MS && { hint: 'clock' }),
    },
    {
      id: 'space',
      kind,
      tone: space === undefined ? 'off' : low ? 'warn' : 'good',
      ...(space && { value: { free: space.free_bytes, total: space.total_bytes } }),
      ...(low && { hint: 'space' }),
    },
  ];
  if (limit !== undefined && limit > 0) lines.push({ id: 'limits', kind, tone: 'good', value: { bytes: limit } });
  return lines;
}

function lacking(wanted: string[], has: string[]): string[] {
  const lower = has.map((name) => name.toLowerCase());
  return wanted.filter((name) => !lower.includes(name));
}
