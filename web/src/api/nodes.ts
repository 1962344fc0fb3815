import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, WHOLE } from './page';

export type EnrollmentStatus = 'not_started' | 'pending' | 'redeemed' | 'completed' | 'expired';

export interface Features {
  object_get: boolean;
  object_head: boolean;
  object_put: boolean;
  object_delete: boolean;
  list: boolean;
  range_get: boolean;
  accept_ranges_header: boolean;
  browser_presigned_cors: boolean;
  compose: boolean;
  metadata: boolean;
}

export interface Capabilities {
  protocol_version: string;
  min_supported_protocol_version: string;
  server_version?: string;
  features: Features;
  browser_cors: { allowed_headers: string[]; exposed_headers: string[] };
  limits: { max_ingress_size?: number; compose_max_parts?: number; compose_max_object_size?: number };
  capacity?: { free_bytes: number; total_bytes: number };
  ingress_target?: { state: 'ready' | 'missing' | 'failed' | 'unknown'; detail: string };
}

export interface Diagnosis {
  class: string;
  hop: string;
  url: string;
  status: number | null;
  transport_error: string | null;
  body_start: string | null;
  hint: string;
}

export interface Node {
  id: number;
  name: string;
  namespace: string;
  base_url: string;
  is_enabled: boolean;
  binding_pending: boolean;
  enrollment_status: EnrollmentStatus;
  re_enrollment_status: EnrollmentStatus | null;
  last_error: string;
  capabilities: Capabilities;
  last_checked_at: string | null;
  latency_ms: number | null;
  clock_difference_ms: number | null;
  diagnosis: Diagnosis | null;
  /** Set while objects are not sent there because the follower does not answer. */
  unreachable_since?: string | null;
  created_at: string;
  updated_at: string;
}

export interface NewNode {
  name: string;
  namespace?: string;
  base_url?: string;
}

export interface NodeChange {
  name?: string;
  base_url?: string;
  is_enabled?: boolean;
}

export interface IssuedToken {
  remote_node_id: number;
  remote_node_name: string;
  master_url: string;
  token: string;
  expires_at: string;
  command: string;
}

/** Presigned URLs of one small object that this browser may write and read, to see whether it can. */
export interface BrowserCheck {
  put_url: string;
  get_url: string;
  /** Bytes the PUT has to have. */
  size: number;
}

export const nodes = {
  create: (node: NewNode) => post<Node>('/admin/remote-nodes', node),
  change: (id: number, change: NodeChange) => patch<Node>(`/admin/remote-nodes/${id}`, change),
  remove: (id: number) => del<void>(`/admin/remote-nodes/${id}`),
  test: (id: number) => post<Node>(`/admin/remote-nodes/${id}/test`),
  issueToken: (id: number, reEnroll: boolean) =>
    post<IssuedToken>(`/admin/remote-nodes/${id}/enrollment-token`, reEnroll ? { re_enroll: true } : undefined),
  beginBrowserCheck: (id: number) => post<BrowserCheck>(`/admin/remote-nodes/${id}/browser-check`),
  endBrowserCheck: (id: number) => del<void>(`/admin/remote-nodes/${id}/browser-check`),
};

export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => get<Page<Node>>('/admin/remote-nodes', { query: { ...WHOLE }, signal }),
});

export const nodeQuery = (id: number) =>
  queryOptions({
    queryKey: ['nodes', id],
    queryFn: ({ signal }) => get<Node>(`/admin/remote-nodes/${id}`, { signal }),
  });
