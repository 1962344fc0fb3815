import { DEFAULT_CHUNK_BYTES, type Driver, type Policy, type PolicyRequest, type Strategy } from '@/api/policies';
import type { Addressing } from '@/api/targets';

/** A storage policy as the form has it. */
export interface PolicyDraft {
  name: string;
  driver_type: Driver;
  /** Text, because a select has texts; empty is none. */
  remote_node_id: string;
  endpoint: string;
  bucket: string;
  access_key: string;
  secret_key: string;
  region: string;
  addressing: Addressing;
  /** Empty is the follower's default target. */
  ingress_target: string;
  base_path: string;
  max_file_size: number;
  chunk_size: number;
  upload: Strategy;
  download: Strategy;
  is_default: boolean;
  allowed_types: string[];
}

/** The server's names of the fields that are called otherwise here. */
export const FORM_NAMES = {
  'options.remote_upload_strategy': 'upload',
  'options.s3_upload_strategy': 'upload',
  'options.remote_download_strategy': 'download',
  'options.s3_download_strategy': 'download',
};

export function draftOf(policy: Policy | undefined, node: number | undefined): PolicyDraft {
  const options = policy?.options ?? {};
  return {
    name: policy?.name ?? '',
    driver_type: policy?.driver_type ?? 'remote',
    remote_node_id: `${policy?.remote_node_id ?? node ?? ''}`,
    endpoint: policy?.endpoint ?? '',
    bucket: policy?.bucket ?? '',
    access_key: '',
    secret_key: '',
    region: policy?.region ?? '',
    addressing: policy?.addressing ?? 'path',
    ingress_target: policy?.ingress_target ?? '',
    base_path: policy?.base_path ?? '',
    max_file_size: policy?.max_file_size ?? 0,
    chunk_size: policy?.chunk_size ?? DEFAULT_CHUNK_BYTES,
    upload: options.remote_upload_strategy ?? options.s3_upload_strategy ?? 'relay_stream',
    download: options.remote_download_strategy ?? options.s3_download_strategy ?? 'relay_stream',
    is_default: policy?.is_default ?? false,
    allowed_types: policy?.allowed_types ?? [],
  };
}

/** Only what the driver knows; keys that were left empty stay as they are. */
export function requestOf(draft: PolicyDraft): PolicyRequest {
  const { name, driver_type, base_path, max_file_size, chunk_size, is_default, upload, download } = draft;
  const { allowed_types } = draft;
  const common = { name, driver_type, base_path, max_file_size, chunk_size, is_default, allowed_types };
  if (driver_type === 'remote') {
    const options = { remote_upload_strategy: upload, remote_download_strategy: download };
    const node = draft.remote_node_id && { remote_node_id: Number(draft.remote_node_id) };
    return { ...common, ...node, ingress_target: draft.ingress_target, options };
  }
  if (driver_type === 'local') return { ...common, options: {} };
  const { endpoint, bucket, region, addressing, access_key, secret_key } = draft;
  const keys = { ...(access_key && { access_key }), ...(secret_key && { secret_key }) };
  return {
    ...common,
    endpoint,
    bucket,
    region,
    addressing,
    ...keys,
    options: { s3_upload_strategy: upload, s3_download_strategy: download },
  };
}
