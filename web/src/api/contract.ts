// Holds the types of the domains against those that the API's description gives (schema.ts): what an answer carries must
// be what a page reads. Nothing here runs; `tsc` fails when the two part.
import type { AuditEntry } from './audit';
import type { Group } from './groups';
import type { IssuedToken, Node } from './nodes';
import type { Policy } from './policies';
import type * as api from './schema';
import type { Setting, SettingDefinition } from './settings';
import type { Target } from './targets';
import type { User } from './users';

/** Compiles only when every value of `Answered` is one of `Read`. */
type Reads<Read, Answered extends Read> = [Read, Answered];

export type Contract = [
  Reads<AuditEntry, api.AuditEntry>,
  Reads<Group, api.GroupInfo>,
  Reads<IssuedToken, api.EnrollmentToken>,
  Reads<Node, api.NodeInfo>,
  Reads<Policy, api.PolicyInfo>,
  Reads<Setting, api.SettingInfo>,
  Reads<SettingDefinition, api.DefinitionInfo>,
  Reads<Target, api.IngressTarget>,
  Reads<User, api.UserInfo>,
];
