import type { Diagnosis, Node } from '@/api/nodes';
import { FEATURES } from '@/pages/admin/nodes/checks';

/** A node on which everything is all right, but for `change`. */
export function nodeWith(change: Partial<Node> = {}): Node {
  const features = Object.fromEntries(
    FEATURES.map((name) => [name, true]),
  ) as unknown as Node['capabilities']['features'];
  return {
    id: 1,
    name: 'Attic',
    namespace: 'attic',
    base_url: 'http://attic:3000',
    is_enabled: true,
    binding_pending: false,
    enrollment_status: 'completed',
    re_enrollment_status: null,
    last_error: '',
    capabilities: {
      protocol_version: 'v2',
      min_supported_protocol_version: 'v2',
      server_version: '0.1.0',
      features,
      browser_cors: {
        allowed_headers: ['content-type', 'range'],
        exposed_headers: ['Accept-Ranges', 'Content-Length', 'Content-Range', 'ETag'],
      },
      limits: {},
      capacity: { free_bytes: 50, total_bytes: 100 },
      ingress_target: { state: 'ready', detail: '' },
    },
    last_checked_at: '2026-01-01T00:00:00Z',
    latency_ms: 3,
    clock_difference_ms: 10,
    diagnosis: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    ...change,
  };
}

export function diagnosisWith(name: string): Diagnosis {
  const unseen = { status: null, transport_error: null, body_start: null };
  return { class: name, hop: 'primary_to_follower', url: 'http://attic:3000', hint: 'do this', ...unseen };
}
