// Written by `npm run types` from openapi.json, which `make reference` writes from the program.

/** Body of an acknowledgement. */
export interface AckRequest {
  /** As received with the redeem. */
  ack_token: string;
}

/** Extensions (`jpg`, `tar.gz`) and MIME types (`image/png`, `image/*`), in lower case, each once. An empty list allows everything. */
export type AllowedTypes = string[];

export interface Ancestor {
  id: number;
  name: string;
}

/** A token as it is listed. */
export interface ApiToken {
  /** Creation. */
  created_at: string;
  /** When it ends; `null` is never. */
  expires_at: string | null;
  /** Id. */
  id: number;
  /** Last use, to the minute. */
  last_used_at: string | null;
  /** What its user called it. */
  name: string;
  /** What it may do. */
  scope: ApiTokenScope;
}

/** What a token may do of what its user may do. */
export type ApiTokenScope = 'read' | 'write';

export interface ArchiveRequest {
  archive_name?: string | null;
  file_ids?: number[];
  folder_ids?: number[];
}

export interface ArchiveTicket {
  expires_at: string;
  /** Where to fetch the archive, once. */
  path: string;
  token: string;
}

/** What an entry tells in addition. */
export interface AuditDetails {
  /** For people; absent when there is nothing to say. */
  text?: string;
}

/** A written entry. */
export interface AuditEntry {
  /** See `Action`. */
  action: string;
  /** What the client called itself. */
  client: string;
  /** When. */
  created_at: string;
  /** In addition, for people. */
  details: AuditDetails;
  /** Id of the entity, if it has one; for an ingress target that of its node. */
  entity_id: number | null;
  /** Its name at that time. */
  entity_name: string;
  /** See `Entity`. */
  entity_type: string;
  /** Id; a later entry has a larger one. */
  id: number;
  /** Address of the client; empty where there was none. */
  ip_address: string;
  /** Who; `null` is the program itself, such as the declared bootstrap, or somebody who did not log in. */
  user_id: number | null;
}

export interface Batch {
  file_ids?: number[];
  folder_ids?: number[];
  target_folder_id?: number | null;
}

export interface BatchFailure {
  code: string;
  entity_id: number;
  entity_type: string;
  error: string;
}

export interface BatchOutcome {
  errors: BatchFailure[];
  failed: number;
  succeeded: number;
}

export interface BootstrapInfo {
  /** Whether anything was ever declared. */
  declared: boolean;
  /** Whether everything that was declared is done. */
  satisfied: boolean;
  steps: BootstrapStep[];
}

/** What a step makes. */
export type BootstrapKind = 'administrator' | 'public_site_url' | 'node' | 'target' | 'policy' | 'group' | 'default_group';

/** How far a step is. */
export type BootstrapState = 'pending' | 'failed' | 'done';

export interface BootstrapStep {
  kind: BootstrapKind;
  /** What it waits for, why it failed or was left out; empty when there is nothing to say. */
  message: string;
  name: string;
  /** Declared name of the node of an ingress target; absent for everything else. */
  node?: string;
  since: string;
  state: BootstrapState;
}

/** Presigned URLs of one tiny object, for the browser that asks. */
export interface BrowserCheckInfo {
  get_url: string;
  put_url: string;
  /** Bytes the PUT has to have. */
  size: number;
}

/** The CORS promise for presigned requests. */
export interface BrowserCors {
  /** Request headers. */
  allowed_headers: string[];
  /** Reply headers. */
  exposed_headers: string[];
}

/** How a bucket appears in addresses. Ours; older peers know path style only. */
export type BucketAddressing = 'path' | 'virtual_host';

/** What is running. */
export interface BuildInfo {
  /** When it was built, RFC 3339. */
  build_time: string;
  /** `ok` or `ready`. */
  status: string;
  /** Version of this build. */
  version: string;
}

/** `GET …/capabilities`. Missing members read as empty. */
export interface Capabilities {
  /** What browsers may send and read. */
  browser_cors: BrowserCors;
  /** Space of the default ingress target, when it can be told. Ours; older peers neither send nor read it. */
  capacity?: Capacity;
  /** What object operations there are. */
  features: NodeFeatures;
  /** Whether the default ingress target takes objects right now. Ours; older peers neither send nor read it. */
  ingress_target?: TargetCondition;
  /** Upper bounds; absent means none announced. */
  limits: NodeLimits;
  /** Lowest version the follower speaks; blank means the highest. */
  min_supported_protocol_version: string;
  /** Highest version the follower speaks. */
  protocol_version: string;
  /** The follower's clock, Unix milliseconds. Ours; older peers neither send nor read it. */
  server_time_ms?: number;
  /** Build of the follower. */
  server_version?: string;
  /** Informational. */
  supports_list: boolean;
  /** Informational. */
  supports_range_read: boolean;
  /** Informational. */
  supports_stream_upload: boolean;
}

/** Space of a store. */
export interface Capacity {
  /** Bytes that can still be written. */
  free_bytes: number;
  /** All bytes, used or not. */
  total_bytes: number;
}

export interface CheckReply {
  allow_user_registration: boolean;
  has_users: boolean;
}

export interface ChunkAnswer {
  received_count: number;
  total_chunks: number;
}

export interface CleanupReply {
  removed: number;
}

export interface CleanupRequest {
  /** Ended at least so long ago; 0 is all that ended. */
  older_than_hours?: number;
}

export interface CompleteRequest {
  parts?: PartRequest[] | null;
}

/** `POST …/ingress-profiles`. Which members are required depends on the driver; the follower checks. */
export interface CreateIngressTarget {
  /** Required for S3. */
  access_key?: string | null;
  /** How the bucket is addressed; path style unless given. */
  addressing?: BucketAddressing | null;
  /** Relative directory, or key prefix. */
  base_path: string;
  /** Required for S3. */
  bucket?: string | null;
  /** Kind of back end. */
  driver_type: IngressDriver;
  /** Required for S3, may be empty (vendor default). */
  endpoint?: string | null;
  /** The first target of a binding is default whatever this says. */
  is_default?: boolean;
  /** Bytes, at least 0; 0 is unlimited. */
  max_file_size: number;
  /** Not blank. */
  name: string;
  /** S3 region to sign for; `auto` unless given. */
  region?: string | null;
  /** Required for S3. */
  secret_key?: string | null;
}

/** The only time that the password is told. */
export interface CreatedWebdavAccount {
  /** Creation. */
  created_at: string;
  /** Id. */
  id: number;
  /** Whether it is let in. */
  is_enabled: boolean;
  /** Whether it may change nothing. */
  is_read_only: boolean;
  /** Last use, to the minute. */
  last_used_at: string | null;
  password: string;
  /** The folder that it sees; `null` is everything. */
  root_folder_id: number | null;
  /** The team whose space it sees; `null` is the user's own. */
  team_id: number | null;
  /** Last change. */
  updated_at: string;
  /** What the program sends as user name. */
  username: string;
}

/** The last file of a page: the next one begins behind it. */
export interface Cursor {
  /** Id of that file. */
  id: number;
  /** What the list is sorted by, of that file. */
  value: string;
}

/** One day. */
export interface Day {
  /** `2026-01-31`. */
  date: string;
  /** Entries of the audit trail. */
  events: number;
  /** Their bytes. */
  uploaded_bytes: number;
  /** Contents stored that day that are still there. */
  uploads: number;
}

export interface DefinitionInfo {
  category: string;
  default: SettingValue;
  description: string;
  key: string;
  max?: number;
  min?: number;
  value_type: string;
}

/** A login as its user sees it. */
export interface Device {
  /** When the login began. */
  created_at: string;
  /** When it ends unless it is renewed. */
  expires_at: string;
  /** Id of the login. */
  id: string;
  /** Where it was last renewed from; empty for logins from before this was kept. */
  ip_address: string;
  /** When it was last renewed; a login in use renews itself as often as its access token ends. */
  last_used_at: string;
  /** What the program called itself when the login was last renewed: printable ASCII, all else escaped. */
  user_agent: string;
}

/** A login as its user sees it. */
export interface DeviceInfo {
  /** When the login began. */
  created_at: string;
  /** When it ends unless it is renewed. */
  expires_at: string;
  /** Id of the login. */
  id: string;
  /** Where it was last renewed from; empty for logins from before this was kept. */
  ip_address: string;
  /** Whether the request came from it. */
  is_current: boolean;
  /** When it was last renewed; a login in use renews itself as often as its access token ends. */
  last_used_at: string;
  /** What the program called itself when the login was last renewed: printable ASCII, all else escaped. */
  user_agent: string;
}

/** Why a follower cannot be used, for people and for programs. */
export interface Diagnosis {
  /** First bytes of a body that is not a follower's, made printable. */
  body_start: string | null;
  /** The kind of trouble. */
  class: DiagnosisClass;
  /** The likely cause and what to do. */
  hint: string;
  /** Which way the call went. */
  hop: DiagnosisHop;
  /** HTTP status, when there was a reply. */
  status: number | null;
  /** What the connection failed with, when there was none. */
  transport_error: string | null;
  /** What was called, without query. */
  url: string;
}

/** What kind of trouble it is. Programs may decide by it; people read the hint. */
export type DiagnosisClass = 'bad_endpoint' | 'dns_failed' | 'connection_refused' | 'connect_timeout' | 'tls_failed' | 'reply_timeout' | 'connection_broken' | 'unreachable' | 'not_a_follower_status' | 'not_a_follower_html' | 'redirect' | 'header_missing' | 'invalid_signature' | 'clock_skew' | 'unknown_access_key' | 'binding_disabled' | 'version_mismatch' | 'requirements_missing' | 'follower_error' | 'ingress_target_missing' | 'ingress_target_failed';

/** Which way the failed call went. Followers call the primary only to enroll, so there is one for now. */
export type DiagnosisHop = 'primary_to_follower';

export interface DirectLink {
  path: string;
  token: string;
}

export interface Emptied {
  entries: number;
}

export interface EmptyFile {
  folder_id?: number | null;
  name: string;
}

export interface EndedReply {
  /** Logins that ended. */
  ended: number;
}

/** How far an enrollment is. */
export type EnrollmentStatus = 'not_started' | 'pending' | 'redeemed' | 'completed' | 'expired';

/** The only answer that carries a token. */
export interface EnrollmentToken {
  command: string;
  expires_at: string;
  master_url: string;
  remote_node_id: number;
  remote_node_name: string;
  token: string;
}

/** What a token is for; no body is a first enrollment. */
export interface EnrollmentTokenRequest {
  re_enroll?: boolean;
}

/** The machine-readable part of a failure. Unknown members are ignored by every reader. */
export interface ErrorBody {
  /** Stable text; equals `subcode` where there is one. */
  code: string;
  /** Structured detail beyond the wire contract (for example the diagnosis of a failed node test). */
  detail?: unknown;
  /** Family of the failure, `E…`. */
  internal_code: string;
  /** Whether the same call may succeed later by itself. */
  retryable?: boolean;
  /** Finer stable text. */
  subcode?: string;
}

/** Kinds of content, as files tell theirs. */
export type FileCategory = 'image' | 'video' | 'audio' | 'document' | 'archive' | 'other';

export interface FileChange {
  folder_id?: number | null;
  name?: string | null;
}

export interface FileCopy {
  folder_id?: number | null;
}

/** Everything about a file. */
export interface FileInfo {
  blob_id: number;
  compound_extension: string | null;
  created_at: string;
  created_by_user_id: number;
  created_by_username: string;
  extension: string | null;
  file_category: string;
  folder_id: number | null;
  id: number;
  is_locked: boolean;
  mime_type: string;
  name: string;
  /** The owner of a personal space; nobody in a team's. */
  owner_user_id: number | null;
  size: number;
  team_id: number | null;
  updated_at: string;
}

/** A file in a list. */
export interface FileItem {
  created_at: string;
  extension: string | null;
  file_category: string;
  id: number;
  is_locked: boolean;
  is_shared: boolean;
  mime_type: string;
  name: string;
  size: number;
  updated_at: string;
}

export interface FolderChange {
  name?: string | null;
  parent_id?: number | null;
}

export interface FolderContents {
  files: FileItem[];
  files_total: number;
  folders: FolderItem[];
  folders_total: number;
  next_file_cursor: Cursor | null;
}

export interface FolderCopy {
  parent_id?: number | null;
}

/** Everything about a folder. */
export interface FolderInfo {
  created_at: string;
  created_by_user_id: number;
  id: number;
  is_locked: boolean;
  name: string;
  owner_user_id: number | null;
  parent_id: number | null;
  team_id: number | null;
  updated_at: string;
}

/** A folder in a list. */
export interface FolderItem {
  created_at: string;
  id: number;
  is_locked: boolean;
  is_shared: boolean;
  name: string;
  parent_id: number | null;
  updated_at: string;
}

export interface Found {
  files: FoundFile[];
  folders: FolderItem[];
  total_files: number;
  total_folders: number;
  /** `false` when there are more than `total_files` or `total_folders`; those are not shown. */
  totals_are_exact: boolean;
}

/** A found file, and where it lies. */
export interface FoundFile {
  created_at: string;
  extension: string | null;
  file_category: string;
  folder_id: number | null;
  id: number;
  is_locked: boolean;
  is_shared: boolean;
  mime_type: string;
  name: string;
  size: number;
  updated_at: string;
}

/** Changes of a group; `None` keeps. Rules are replaced as a whole. */
export interface GroupChange {
  /** For people. */
  description?: string | null;
  /** `true` moves the flag here; `false` on the default is refused. */
  is_default?: boolean | null;
  /** Whether it takes objects. */
  is_enabled?: boolean | null;
  /** At least one. */
  items?: NewRule[] | null;
  /** Not blank. */
  name?: string | null;
}

export interface GroupInfo {
  created_at: string;
  description: string;
  id: number;
  is_default: boolean;
  is_enabled: boolean;
  items: RuleInfo[];
  name: string;
  updated_at: string;
}

/** Whose uploads a policy group routes. */
export interface GroupUse {
  /** The group; one that nobody has is not in the list. */
  policy_group_id: number;
  /** Teams that have it. */
  teams: number;
  /** Users who have it. */
  users: number;
}

/** Where an ingress target keeps its objects. */
export type IngressDriver = 'local' | 's3';

/** An ingress target as a follower describes it; keys are never part of it. */
export interface IngressTarget {
  /** How the bucket is addressed; absent for local. Ours. */
  addressing?: BucketAddressing;
  /** The change that is in effect. */
  applied_revision: number;
  /** Directory below the ingress root, or key prefix. */
  base_path: string;
  /** S3 bucket; empty for local. */
  bucket: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** Counts accepted changes. */
  desired_revision: number;
  /** Kind of back end. */
  driver_type: IngressDriver;
  /** S3 endpoint; empty for local. */
  endpoint: string;
  /** Whether this target receives all object traffic. */
  is_default: boolean;
  /** Why the desired revision is not applied; empty when it is. */
  last_error: string;
  /** Largest object in bytes; 0 is unlimited. */
  max_file_size: number;
  /** For people. */
  name: string;
  /** `igp_` + 32 hex digits. */
  profile_key: string;
  /** S3 region to sign for. Ours; absent is `auto`. */
  region?: string;
  /** RFC 3339, UTC. */
  updated_at: string;
}

export interface InitAnswer {
  chunk_size?: number;
  expires_at?: string;
  mode: string;
  presigned_url?: string;
  total_chunks?: number;
  upload_id?: string;
}

export interface InitRequest {
  filename: string;
  folder_id?: number | null;
  frontend_client_id?: string | null;
  relative_path?: string | null;
  /** Through the primary, whatever the policy says. */
  relay?: boolean;
  total_size: number;
}

/** A lock as administrators see it; without its token, which would open it. */
export interface LockInfo {
  created_at: string;
  entity_id: number;
  entity_name: string;
  entity_type: string;
  expires_at: string | null;
  id: number;
  is_deep: boolean;
  is_exclusive: boolean;
  owner_info: string;
  user_id: number;
  username: string;
}

export interface LockRequest {
  locked: boolean;
}

export interface LoginReply {
  /** Seconds until the access token has to be renewed. */
  expires_in: number;
  status: string;
}

export interface LoginRequest {
  identifier: string;
  password: string;
}

/** Where a file of some size would go. */
export interface MatchInfo {
  group_id: number;
  group_name: string;
  is_enabled: boolean;
  policy_id: number | null;
  policy_name: string | null;
  /** Why there is no policy. */
  reason: string | null;
  rules: VerdictInfo[];
  size: number;
}

/** A folder with what lies below it. */
export interface MeasuredFolder {
  created_at: string;
  created_by_user_id: number;
  id: number;
  is_locked: boolean;
  name: string;
  owner_user_id: number | null;
  parent_id: number | null;
  team_id: number | null;
  total_files: number;
  total_folders: number;
  total_size: number;
  updated_at: string;
}

export interface MemberChange {
  role: TeamRole;
}

export interface MemberInfo {
  created_at: string;
  role: TeamRole;
  user_id: number;
  username: string;
}

export interface MoveRequest {
  target_group_id: number;
}

/** Both numbers are the same as long as only users are assigned to groups. */
export interface MovedInfo {
  affected_users: number;
  migrated_assignments: number;
}

export interface NewAccountRequest {
  email: string;
  password: string;
  username: string;
}

/** A token to be made. */
export interface NewApiToken {
  /** When it ends; later than now. */
  expires_at?: string | null;
  /** What to call it: 1 to 64 characters. */
  name: string;
  /** What it may do. */
  scope: ApiTokenScope;
}

export interface NewFolder {
  name: string;
  parent_id?: number | null;
}

/** A group to be created, as it was sent. */
export interface NewGroup {
  /** For people. */
  description?: string | null;
  /** `true` takes the flag from the present default. */
  is_default?: boolean | null;
  /** Absent is enabled. */
  is_enabled?: boolean | null;
  /** At least one. */
  items: NewRule[];
  /** Not blank. */
  name: string;
}

/** A user by id, or by login name or mail address. */
export interface NewMember {
  identifier?: string | null;
  role: TeamRole;
  user_id?: number | null;
}

export interface NewNode {
  base_url?: string | null;
  is_enabled?: boolean | null;
  name: string;
  namespace?: string | null;
}

/** A policy to be created, as it was sent. What another driver needs is absent or blank. */
export interface NewPolicy {
  /** For `s3`: id of the key pair. */
  access_key?: string | null;
  /** For `s3`: `path` (default) or `virtual_host`. */
  addressing?: string | null;
  /** Extensions and MIME types; absent allows everything. */
  allowed_types?: string[] | null;
  /** Directory or key prefix. */
  base_path?: string | null;
  /** For `s3`: name of the bucket. */
  bucket?: string | null;
  /** Bytes; absent is 5 MiB. */
  chunk_size?: number | null;
  /** `local`, `s3` or `remote`. */
  driver_type: string;
  /** For `s3`: URL; blank is the vendor's default, which needs a region. */
  endpoint?: string | null;
  /** For `remote`: the profile key of an ingress target; absent is the follower's default. */
  ingress_target?: string | null;
  /** `true` takes the flag from the present default. */
  is_default?: boolean | null;
  /** Bytes; 0 or absent is unlimited. */
  max_file_size?: number | null;
  /** Not blank. */
  name: string;
  /** Strategies and timeouts. */
  options?: NewPolicyOptions | null;
  /** For `s3`: region to sign for; blank is `auto`. */
  region?: string | null;
  /** Required for `remote`. */
  remote_node_id?: number | null;
  /** For `s3`: secret of the key pair. */
  secret_key?: string | null;
}

/** Options as they were sent: words, so that an unknown one gets an answer of its own. */
export interface NewPolicyOptions {
  /** `relay_stream` or `presigned`. */
  remote_download_strategy?: string | null;
  /** `relay_stream` or `presigned`. */
  remote_upload_strategy?: string | null;
  /** Seconds. */
  s3_connect_timeout_secs?: number | null;
  /** `relay_stream` or `presigned`. */
  s3_download_strategy?: string | null;
  /** Seconds. */
  s3_operation_timeout_secs?: number | null;
  /** Seconds. */
  s3_read_timeout_secs?: number | null;
  /** `relay_stream` or `presigned`. */
  s3_upload_strategy?: string | null;
}

/** A rule as it was sent. */
export interface NewRule {
  /** Bytes; 0 is no upper bound. */
  max_file_size?: number;
  /** Bytes. */
  min_file_size?: number;
  /** An existing policy, once for each group. */
  policy_id: number;
  /** 1 or more, once for each group. */
  priority: number;
}

export interface NewShare {
  expires_at?: string | null;
  max_downloads?: number;
  password?: string | null;
  target: ShareTarget;
}

/** What a migration is asked for with. */
export interface NewStorageMigration {
  /** Whether the source's objects are removed when all blobs have moved; otherwise they are kept as copies that nothing reads, until their blobs go. */
  delete_source_after_success?: boolean;
  /** Blobs leave this policy. */
  source_policy_id: number;
  /** Blobs go to this policy. */
  target_policy_id: number;
}

export interface NewTeam {
  description?: string | null;
  name: string;
}

export interface NewTeamOfUser {
  admin_identifier?: string | null;
  admin_user_id?: number | null;
  description?: string | null;
  name: string;
  policy_group_id?: number | null;
  storage_quota?: number | null;
}

/** A new token, with its text, which nobody can read again. */
export interface NewTokenInfo {
  /** Creation. */
  created_at: string;
  /** When it ends; `null` is never. */
  expires_at: string | null;
  /** Id. */
  id: number;
  /** Last use, to the minute. */
  last_used_at: string | null;
  /** What its user called it. */
  name: string;
  /** What it may do. */
  scope: ApiTokenScope;
  token: string;
}

export interface NewWebdavAccount {
  is_read_only?: boolean;
  /** Left out, one is generated. */
  password?: string | null;
  root_folder_id?: number | null;
  team_id?: number | null;
  username: string;
}

export interface NodeChange {
  base_url?: string | null;
  is_enabled?: boolean | null;
  name?: string | null;
  namespace?: string | null;
}

/** Feature flags; each promises one thing a storage policy may need. */
export interface NodeFeatures {
  accept_ranges_header: boolean;
  browser_presigned_cors: boolean;
  compose: boolean;
  list: boolean;
  metadata: boolean;
  object_delete: boolean;
  object_get: boolean;
  object_head: boolean;
  object_put: boolean;
  range_get: boolean;
  /** Requests may name the ingress target they are for (§5.1). Ours; older peers neither send nor read it. */
  select_ingress_target: boolean;
}

/** A node as administrators see it; its keys are not part of it. */
export interface NodeInfo {
  base_url: string;
  binding_pending: boolean;
  capabilities: Capabilities;
  clock_difference_ms: number | null;
  created_at: string;
  diagnosis: Diagnosis | null;
  enrollment_status: EnrollmentStatus;
  id: number;
  is_enabled: boolean;
  last_checked_at: string | null;
  last_error: string;
  latency_ms: number | null;
  name: string;
  namespace: string;
  /** `null` unless a follower is about to take the place of the enrolled one. */
  re_enrollment_status: EnrollmentStatus | null;
  /** Set while objects are not sent there because the follower does not answer. */
  unreachable_since: string | null;
  updated_at: string;
}

/** Upper bounds of a follower. */
export interface NodeLimits {
  /** Largest composed object in bytes. */
  compose_max_object_size?: number;
  /** Most parts of one compose. */
  compose_max_parts?: number;
  /** Largest object in bytes. */
  max_ingress_size?: number;
}

/** What a list of nodes is sorted by. */
export type NodeSort = 'id' | 'name' | 'base_url' | 'is_enabled' | 'last_checked_at' | 'created_at' | 'updated_at';

export interface NodeTest {
  access_key: string;
  base_url: string;
  secret_key: string;
}

/** Direction of a list. */
export type Order = 'asc' | 'desc';

/** All of it, as of one moment or nearly so. */
export interface OverviewInfo {
  /** The last days, the earliest first, none left out; today is the last. */
  days: Day[];
  events: AuditEntry[];
  /** By policy group. */
  groups: GroupUse[];
  /** By policy. */
  policies: PolicyUse[];
  /** How much there is. */
  totals: Totals;
}

/** The own record: all of it, or the parts that were asked for. */
export interface OwnRecord {
  created_at?: string;
  email?: string;
  id: number;
  policy_group_id?: number | null;
  preferences?: Preferences | null;
  role?: UserRole;
  /** What let the request in; `null` when that login has just ended. */
  session?: OwnSession | null;
  status?: UserStatus;
  storage_quota?: number;
  storage_used?: number;
  updated_at?: string;
  username?: string;
}

export type OwnSession = {
  kind: 'login';
  login: Device;
} | {
  id: number;
  kind: 'api_token';
  scope: ApiTokenScope;
};

/** A part of a list. */
export interface PageOfApiToken {
  items: ApiToken[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfAuditEntry {
  items: AuditEntry[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfDeviceInfo {
  items: DeviceInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfGroupInfo {
  items: GroupInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfLockInfo {
  items: LockInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfMemberInfo {
  items: MemberInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfNodeInfo {
  items: NodeInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfPolicyInfo {
  items: PolicyInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfSettingInfo {
  items: SettingInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfShareInfo {
  items: ShareInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfShareOfAnybody {
  items: ShareOfAnybody[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfStorageMigrationInfo {
  items: StorageMigrationInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfTaskInfo {
  items: TaskInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfTeamInfo {
  items: TeamInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfUserInfo {
  items: UserInfo[];
  limit: number;
  offset: number;
  total: number;
}

/** A part of a list. */
export interface PageOfWebdavAccount {
  items: WebdavAccount[];
  limit: number;
  offset: number;
  total: number;
}

export interface PartRequest {
  etag?: string | null;
  part_number: number;
}

export interface PasswordChange {
  current_password: string;
  new_password: string;
}

export interface PasswordReset {
  password: string;
}

/** Changes of a policy; `None` keeps. Driver and node may be sent back, but not changed. */
export interface PolicyChange {
  /** Together with `secret_key`; both blank keep. */
  access_key?: string | null;
  /** `path` or `virtual_host`. */
  addressing?: string | null;
  /** Replaced as a whole; an empty list allows everything. */
  allowed_types?: string[] | null;
  /** Directory or key prefix; only while the policy has no objects. */
  base_path?: string | null;
  /** Name of the bucket; only while the policy has no objects. */
  bucket?: string | null;
  /** Bytes; 0 is never chunked. */
  chunk_size?: number | null;
  /** Only the present one. */
  driver_type?: string | null;
  /** URL; only while the policy has no objects. */
  endpoint?: string | null;
  /** Blank is the follower's default target; only while the policy has no objects. */
  ingress_target?: string | null;
  /** `true` moves the flag here; `false` on the default is refused. */
  is_default?: boolean | null;
  /** Bytes; 0 is unlimited. */
  max_file_size?: number | null;
  /** Not blank. */
  name?: string | null;
  /** Strategies and timeouts. */
  options?: NewPolicyOptions | null;
  /** Blank is `auto`. */
  region?: string | null;
  /** Only the present one. */
  remote_node_id?: number | null;
  /** Together with `access_key`; both blank keep. */
  secret_key?: string | null;
}

/** Where a policy's objects lie. */
export type PolicyDriver = 'local' | 's3' | 'remote';

/** A policy as administrators see it; keys are not part of it. */
export interface PolicyInfo {
  addressing: BucketAddressing | null;
  allowed_types: AllowedTypes;
  base_path: string;
  bucket: string;
  chunk_size: number;
  created_at: string;
  driver_type: PolicyDriver;
  endpoint: string;
  id: number;
  ingress_target: string | null;
  is_default: boolean;
  max_file_size: number;
  name: string;
  options: PolicyOptions;
  region: string | null;
  remote_node_id: number | null;
  updated_at: string;
}

/** Options of a policy; unknown ones are ignored. Those of another driver have no effect. */
export interface PolicyOptions {
  /** The way from a follower. */
  remote_download_strategy: TransferStrategy;
  /** The way to a follower. */
  remote_upload_strategy: TransferStrategy;
  /** Longest wait for a connection to the endpoint, TLS included. */
  s3_connect_timeout_secs: number;
  /** The way from a bucket. */
  s3_download_strategy: TransferStrategy;
  /** Longest time of one operation with its repetitions. */
  s3_operation_timeout_secs: number;
  /** Longest time without any byte moving. */
  s3_read_timeout_secs: number;
  /** The way to a bucket. */
  s3_upload_strategy: TransferStrategy;
}

/** What a list of policies is sorted by. */
export type PolicySort = 'id' | 'name' | 'driver_type' | 'created_at' | 'updated_at';

/** What lies under a policy. */
export interface PolicyUse {
  /** Contents. */
  blobs: number;
  /** Their bytes. */
  bytes: number;
  /** The policy; one without blobs is not in the list. */
  policy_id: number;
}

/** The choices of a user; `None` is the page's default. */
export interface Preferences {
  /** Colour, `#rrggbb`. */
  accent: string | null;
  /** Language tag such as `en` or `zh-CN`. */
  language: string | null;
  /** What a folder is sorted by. */
  sort_by: SortKey | null;
  /** In which direction. */
  sort_order: SortOrder | null;
  /** Light or dark. */
  theme: Theme | null;
  /** IANA name of the zone times are shown in, such as `Europe/Berlin`. */
  time_zone: string | null;
  /** How a folder is shown. */
  view: View | null;
}

/** A change of some choices: an absent member leaves one, `null` returns it to the page's default. */
export interface PreferencesChange {
  accent?: string | null;
  language?: string | null;
  sort_by?: SortKey | null;
  sort_order?: SortOrder | null;
  theme?: Theme | null;
  time_zone?: string | null;
  view?: View | null;
}

/** The choices of a user; `None` is the page's default. */
export interface PreferencesInput {
  /** Colour, `#rrggbb`. */
  accent?: string | null;
  /** Language tag such as `en` or `zh-CN`. */
  language?: string | null;
  /** What a folder is sorted by. */
  sort_by?: SortKey | null;
  /** In which direction. */
  sort_order?: SortOrder | null;
  /** Light or dark. */
  theme?: Theme | null;
  /** IANA name of the zone times are shown in, such as `Europe/Berlin`. */
  time_zone?: string | null;
  /** How a folder is shown. */
  view?: View | null;
}

export interface PresignRequest {
  part_numbers: number[];
}

export interface PreviewLinkInfo {
  expires_at: string;
  max_uses: number;
  path: string;
}

/** A property. */
export interface Property {
  /** Name in the namespace. */
  name: string;
  /** Whose name it is; over WebDAV an XML namespace. May be empty. */
  namespace: string;
  /** Any text. */
  value: string;
}

/** A file in a list for everybody. */
export interface PublicFile {
  extension: string | null;
  file_category: string;
  id: number;
  mime_type: string;
  name: string;
  size: number;
  updated_at: string;
}

/** A folder in a list for everybody. */
export interface PublicFolder {
  id: number;
  name: string;
  updated_at: string;
}

/** Everything a follower needs; the only answer that carries a node's keys. */
export interface RedeemInfo {
  access_key: string;
  ack_token: string;
  is_enabled: boolean;
  master_url: string;
  namespace: string;
  remote_node_id: number;
  remote_node_name: string;
  replaces_access_keys?: string[];
  secret_key: string;
}

/** Body of a redeem. */
export interface RedeemRequest {
  /** `enr_` + 32 hex digits; white space around it is dropped. */
  token: string;
}

export interface RemovedLocks {
  removed: number;
}

/** What an administrator's revocation ended. */
export interface Revoked {
  /** Logins. */
  sessions: number;
  /** API tokens. */
  tokens: number;
}

export interface RuleInfo {
  id: number;
  max_file_size: number;
  min_file_size: number;
  policy_id: number;
  priority: number;
}

/** How far an upload is. */
export interface SessionInfo {
  chunk_size: number;
  chunks_on_disk?: number[];
  created_at: string;
  expires_at: string;
  filename: string;
  folder_id: number | null;
  mode: string;
  /** Of an upload past the primary only known where the store was asked: not in lists. */
  received_count: number | null;
  status: string;
  total_chunks: number;
  total_size: number;
  upload_id: string;
}

export interface SetRequest {
  value: SettingValue;
}

export interface SettingInfo {
  category: string;
  key: string;
  source: SettingSource;
  updated_at?: string;
  value: SettingValue;
  value_type: string;
}

/** Where a value comes from. */
export type SettingSource = 'default' | 'database';

/** A value as it travels: scalars as strings, lists as arrays of strings. */
export type SettingValue = string | string[];

export interface ShareBatch {
  share_ids: number[];
}

export interface ShareChange {
  /** `Some(None)` is an explicit null. */
  expires_at?: string | null;
  max_downloads: number;
  password?: string | null;
}

export interface ShareFailure {
  code: string;
  entity_id: number;
  entity_type: string;
  error: string;
}

/** A share as its owner sees it. */
export interface ShareInfo {
  created_at: string;
  download_count: number;
  expires_at: string | null;
  has_password: boolean;
  id: number;
  max_downloads: number;
  /** `null` is unlimited. */
  remaining_downloads: number | null;
  resource_name: string;
  resource_type: 'file' | 'folder';
  status: ShareStatus;
  target: ShareTarget;
  token: string;
  updated_at: string;
  view_count: number;
}

/** A share without its token. */
export interface ShareOfAnybody {
  created_at: string;
  download_count: number;
  expires_at: string | null;
  has_password: boolean;
  id: number;
  max_downloads: number;
  owner: ShareOwner;
  /** Empty while the item is in the trash. */
  resource_name: string;
  /** Who made it; empty when the account is gone. */
  shared_by: string;
  status: ShareStatus;
  target: ShareTarget;
  view_count: number;
}

export interface ShareOutcome {
  errors: ShareFailure[];
  failed: number;
  succeeded: number;
}

/** Whose space the item lies in. */
export interface ShareOwner {
  id: number;
  name: string;
  /** `user` or `team`. */
  type: string;
}

export interface SharePassword {
  password: string;
}

/** Whether a share can be used. */
export type ShareStatus = 'active' | 'expired' | 'exhausted' | 'unavailable';

export interface ShareTarget {
  id: number;
  type: 'file' | 'folder';
}

export interface ShareView {
  download_count: number;
  expires_at: string | null;
  has_password: boolean;
  /** Never true: a share that has expired is not found. */
  is_expired: boolean;
  /** Whether this visitor need not send the password (again). */
  is_unlocked: boolean;
  max_downloads: number;
  /** Of a file; `null` until the password was given. */
  mime_type: string | null;
  name: string;
  share_type: 'file' | 'folder';
  shared_by: string;
  /** Of a file; `null` until the password was given. */
  size: number | null;
  view_count: number;
}

export interface SharedContents {
  files: PublicFile[];
  files_total: number;
  folders: PublicFolder[];
  folders_total: number;
  next_file_cursor: Cursor | null;
}

/** What a list is sorted by; equal items by id. */
export type SortBy = 'name' | 'size' | 'created_at' | 'updated_at' | 'type';

/** What a folder is sorted by (primary spec §2.8). */
export type SortKey = 'name' | 'size' | 'created_at' | 'updated_at' | 'type';

/** Direction of a list. */
export type SortOrder = 'asc' | 'desc';

/** What a migration would do. */
export interface StorageMigrationDryRun {
  /** Blobs to move. */
  blobs: number;
  /** Their bytes. */
  bytes: number;
  /** Whether source and target answer now and nothing stands against it. */
  can_start: boolean;
  /** Whether the source's objects are removed when all blobs have moved; otherwise they are kept as copies that nothing reads, until their blobs go. */
  delete_source_after_success: boolean;
  /** Whether the bytes fit; `null` when the target does not say. */
  enough_room: boolean | null;
  /** Bytes of the largest. */
  largest_blob: number;
  /** Blobs that are larger; they would stay. */
  oversized_blobs: number;
  /** What stands against it, for people. */
  problems: string[];
  /** Blobs leave this policy. */
  source_policy_id: number;
  /** Free bytes at the target; `null` when it does not say. */
  target_free_bytes: number | null;
  /** Largest file that the target takes; 0 is unlimited. */
  target_max_file_size: number;
  /** Blobs go to this policy. */
  target_policy_id: number;
}

/** A migration: its task, and what was asked for. */
export interface StorageMigrationInfo {
  attempt_count: number;
  can_cancel: boolean;
  can_retry: boolean;
  cancel_requested: boolean;
  created_at: string;
  /** `null` when the program itself asked. */
  created_by_user_id: number | null;
  /** Whether the source's objects are removed when all blobs have moved; otherwise they are kept as copies that nothing reads, until their blobs go. */
  delete_source_after_success?: boolean;
  finished_at: string | null;
  id: number;
  kind: string;
  /** `null` when no attempt failed. */
  last_error: string | null;
  max_attempts: number;
  /** When it is begun, while it waits. */
  next_run_at: string | null;
  progress_current: number;
  /** Whole percent; 100 when it succeeded. */
  progress_percent: number;
  /** 0 while it is not known. */
  progress_total: number;
  /** `null` when there is none. */
  result: unknown;
  /** Blobs leave this policy. */
  source_policy_id?: number;
  space_id: number | null;
  started_at: string | null;
  status: TaskState;
  status_text: string;
  steps: TaskStep[];
  /** Blobs go to this policy. */
  target_policy_id?: number;
  updated_at: string;
}

/** How the default ingress target is, as far as that can be told without storing an object. */
export interface TargetCondition {
  /** Why it takes no objects, and what to do; empty when it does. */
  detail: string;
  /** In a word. */
  state: TargetState;
}

/** The word for the condition of the default ingress target. */
export type TargetState = 'ready' | 'missing' | 'failed' | 'unknown';

/** A task. */
export interface TaskInfo {
  attempt_count: number;
  can_cancel: boolean;
  can_retry: boolean;
  cancel_requested: boolean;
  created_at: string;
  /** `null` when the program itself asked. */
  created_by_user_id: number | null;
  finished_at: string | null;
  id: number;
  kind: string;
  /** `null` when no attempt failed. */
  last_error: string | null;
  max_attempts: number;
  /** When it is begun, while it waits. */
  next_run_at: string | null;
  progress_current: number;
  /** Whole percent; 100 when it succeeded. */
  progress_percent: number;
  /** 0 while it is not known. */
  progress_total: number;
  /** `null` when there is none. */
  result: unknown;
  space_id: number | null;
  started_at: string | null;
  status: TaskState;
  status_text: string;
  steps: TaskStep[];
  updated_at: string;
}

/** How a task is. */
export type TaskState = 'pending' | 'processing' | 'retry' | 'succeeded' | 'failed' | 'canceled';

/** A part of a task, as people see it. */
export interface TaskStep {
  /** How far it is. */
  status: TaskState;
  /** What is done. */
  title: string;
}

export interface TeamChange {
  description?: string | null;
  name?: string | null;
}

export interface TeamChangeByAdmin {
  description?: string | null;
  name?: string | null;
  policy_group_id?: number | null;
  storage_quota?: number | null;
}

/** A team as its members and administrators see it. */
export interface TeamInfo {
  archived_at: string | null;
  created_at: string;
  created_by_user_id: number;
  description: string;
  id: number;
  member_count: number;
  name: string;
  policy_group_id: number | null;
  /** The asking user's; absent for administrators of the site. */
  role?: TeamRole;
  storage_quota: number;
  storage_used: number;
  updated_at: string;
}

/** What a member may do. */
export type TeamRole = 'member' | 'admin' | 'owner';

/** A connection test that passed, in words. */
export interface TestInfo {
  latency_ms: number;
  message: string;
}

export interface TestedWebdavAccount {
  is_read_only: boolean;
}

/** Light or dark. */
export type Theme = 'system' | 'light' | 'dark';

export interface ThumbnailSupport {
  max_source_bytes: number;
  mime_types: string[];
}

/** How much there is of everything. */
export interface Totals {
  /** Accounts that may log in. */
  active_users: number;
  /** Stored contents, versions and trash included. */
  blobs: number;
  /** Files outside the trash. */
  files: number;
  /** Shares, whether they can still be used or not. */
  shares: number;
  /** Their bytes. */
  stored_bytes: number;
  /** Teams that are not archived. */
  teams: number;
  /** Accounts. */
  users: number;
}

/** Which way bytes take between browsers and the place of the objects. */
export type TransferStrategy = 'relay_stream' | 'presigned';

export interface TrashContents {
  files: Trashed[];
  files_total: number;
  folders: Trashed[];
  folders_total: number;
  next_file_cursor: Cursor | null;
  next_folder_cursor: Cursor | null;
}

export interface Trashed {
  deleted_at: string;
  expires_at: string;
  id: number;
  mime_type: string;
  name: string;
  original_path: string;
  size: number;
}

/** `PATCH …/ingress-profiles/{profile_key}`. `null` and absent mean unchanged. */
export interface UpdateIngressTarget {
  /** S3 access key. */
  access_key?: string | null;
  /** How the bucket is addressed. */
  addressing?: BucketAddressing | null;
  /** Relative directory, or key prefix. */
  base_path?: string | null;
  /** S3 bucket. */
  bucket?: string | null;
  /** Kind of back end; a text, so that an unknown word is answered by its own error. */
  driver_type?: string | null;
  /** S3 endpoint. */
  endpoint?: string | null;
  /** `true` moves the flag here; `false` on the default is refused. */
  is_default?: boolean | null;
  /** Bytes; 0 is unlimited. */
  max_file_size?: number | null;
  /** Not blank. */
  name?: string | null;
  /** S3 region to sign for; blank takes it away. */
  region?: string | null;
  /** S3 secret key. */
  secret_key?: string | null;
}

export interface UserChange {
  /** `Some(None)` is an explicit null. */
  policy_group_id?: number | null;
  role?: UserRole | null;
  status?: UserStatus | null;
  storage_quota?: number | null;
}

export interface UserInfo {
  created_at: string;
  email: string;
  id: number;
  policy_group_id: number | null;
  role: UserRole;
  status: UserStatus;
  storage_quota: number;
  storage_used: number;
  updated_at: string;
  username: string;
}

/** What a user may do. */
export type UserRole = 'admin' | 'user';

/** What a list of accounts is sorted by. */
export type UserSort = 'id' | 'username' | 'email' | 'role' | 'status' | 'storage_used' | 'storage_quota' | 'created_at' | 'updated_at';

/** Whether a user may log in. */
export type UserStatus = 'active' | 'disabled';

export interface VerdictInfo {
  max_file_size: number;
  min_file_size: number;
  /** `chosen`, `skipped` or `not_reached`. */
  outcome: string;
  policy_id: number;
  policy_name: string;
  priority: number;
  /** Why it is skipped. */
  reason: string | null;
  rule_id: number;
}

export interface VersionInfo {
  blob_id: number;
  created_at: string;
  created_by_user_id: number;
  created_by_username: string;
  hash: string;
  id: number;
  size: number;
}

/** How a folder is shown. */
export type View = 'list' | 'grid';

/** A WebDAV account as it is listed. */
export interface WebdavAccount {
  /** Creation. */
  created_at: string;
  /** Id. */
  id: number;
  /** Whether it is let in. */
  is_enabled: boolean;
  /** Whether it may change nothing. */
  is_read_only: boolean;
  /** Last use, to the minute. */
  last_used_at: string | null;
  /** The folder that it sees; `null` is everything. */
  root_folder_id: number | null;
  /** The team whose space it sees; `null` is the user's own. */
  team_id: number | null;
  /** Last change. */
  updated_at: string;
  /** What the program sends as user name. */
  username: string;
}

export interface WebdavAccountChange {
  is_enabled?: boolean | null;
  is_read_only?: boolean | null;
}

export interface WebdavAddress {
  endpoint: string | null;
  is_enabled: boolean;
  prefix: string;
}

export interface WebdavLogin {
  password: string;
  username: string;
}
