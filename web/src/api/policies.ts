import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Page, WHOLE } from './page';
import type { Addressing } from './targets';

export type Driver = 'local' | 's3' | 'remote';
export type Strategy = 'relay_stream' | 'presigned';

export interface PolicyOptions {
  remote_upload_strategy?: Strategy;
  remote_download_strategy?: Strategy;
  s3_upload_strategy?: Strategy;
  s3_download_strategy?: Strategy;
}

export interface Policy {
  id: number;
  name: string;
  driver_type: Driver;
  endpoint?: string;
  bucket?: string;
  region?: string | null;
  addressing?: Addressing | null;
  base_path: string;
  remote_node_id: number | null;
  /** The profile key of an ingress target; absent or `null` is the follower's default. */
  ingress_target?: string | null;
  max_file_size: number;
  chunk_size: number;
  is_default: boolean;
  /** Extensions and MIME types; none is all. */
  allowed_types?: string[];
  options: PolicyOptions;
  created_at: string;
  updated_at: string;
}

export interface PolicyRequest {
  name: string;
  driver_type: Driver;
  endpoint?: string;
  bucket?: string;
  access_key?: string;
  secret_key?: string;
  region?: string;
  addressing?: Addressing;
  base_path: string;
  remote_node_id?: number;
  /** Blank is the follower's default target. */
  ingress_target?: string;
  max_file_size: number;
  chunk_size: number;
  is_default?: boolean;
  allowed_types?: string[];
  options: PolicyOptions;
}

/** A test that passed: what was done, in the server's words, and how long it took. */
export interface PolicyTested {
  message: string;
  latency_ms: number;
}

/** Part size that policies get unless somebody chooses another. */
export const DEFAULT_CHUNK_BYTES = 5 * 1024 * 1024;

export const policies = {
  create: (policy: PolicyRequest) => post<Policy>('/admin/policies', policy),
  change: (id: number, change: Partial<PolicyRequest>) => patch<Policy>(`/admin/policies/${id}`, change),
  remove: (id: number) => del<void>(`/admin/policies/${id}`),
  test: (id: number) => post<PolicyTested>(`/admin/policies/${id}/test`),
  testNew: (policy: PolicyRequest) => post<PolicyTested>('/admin/policies/test', policy),
};

export const policiesQuery = queryOptions({
  queryKey: ['policies'],
  queryFn: ({ signal }) => get<Page<Policy>>('/admin/policies', { query: { ...WHOLE }, signal }),
});

export const policyQuery = (id: number) =>
  queryOptions({
    queryKey: ['policies', id],
    queryFn: ({ signal }) => get<Policy>(`/admin/policies/${id}`, { signal }),
  });
