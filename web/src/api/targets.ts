import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';

export type TargetDriver = 'local' | 's3';
export type Addressing = 'path' | 'virtual_host';

/** An ingress target: a place on the follower where received objects go. */
export interface Target {
  profile_key: string;
  name: string;
  driver_type: TargetDriver;
  endpoint: string;
  bucket: string;
  region?: string;
  addressing?: Addressing;
  base_path: string;
  max_file_size: number;
  is_default: boolean;
  desired_revision: number;
  applied_revision: number;
  last_error: string;
  created_at: string;
  updated_at: string;
}

export interface TargetRequest {
  name: string;
  driver_type: TargetDriver;
  endpoint?: string;
  bucket?: string;
  access_key?: string;
  secret_key?: string;
  region?: string;
  addressing?: Addressing;
  base_path: string;
  max_file_size: number;
  is_default?: boolean;
}

const path = (nodeId: number) => `/admin/remote-nodes/${nodeId}/ingress-profiles`;

export const targets = {
  create: (nodeId: number, target: TargetRequest) => post<Target>(path(nodeId), target),
  change: (nodeId: number, key: string, change: Partial<TargetRequest>) =>
    patch<Target>(`${path(nodeId)}/${encodeURIComponent(key)}`, change),
  remove: (nodeId: number, key: string) => del<void>(`${path(nodeId)}/${encodeURIComponent(key)}`),
};

/** Asks the follower itself, so it fails while the follower is away. */
export const targetsQuery = (nodeId: number) =>
  queryOptions({
    queryKey: ['nodes', nodeId, 'targets'],
    queryFn: ({ signal }) => get<Target[]>(path(nodeId), { signal }),
    retry: false,
  });
