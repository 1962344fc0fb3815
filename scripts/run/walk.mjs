// Joins a follower to a primary over the public API and routes the administrator's files to it. Every step looks
// first whether an earlier run did it, so a run that was killed anywhere is finished by the next one.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Api } from './api.mjs';
import { Failure } from './failure.mjs';
import { storeSample } from './sample.mjs';
import { writeWhole } from './write-whole.mjs';

const ADMIN = { username: 'admin', email: 'admin@example.com' };
const NODE = { name: 'local-follower', namespace: 'home' };
const TARGET = { name: 'default-local', base_path: 'default' };
const POLICY_NAME = 'Local follower';
const GROUP_NAME = 'Everything to the local follower';
const CHUNK_BYTES = 5 * 1024 * 1024;
const ENROLLED_DEADLINE_MS = 60_000;

/** Brings both instances to the state the summary describes. `report(what, outcome)` is called after each step. */
export async function walk({ primary, follower, dir, report }) {
  await primary.start({ ASTER__SERVER__START_MODE: 'primary', ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES: 'true' });
  await primary.ready();
  report('primary', `ready at ${primary.url}`);

  const api = new Api(primary.url);
  const password = await signIn(api, dir, report);
  await api.put('/admin/config/public_site_url', { value: [primary.url] });
  report('public site URL', primary.url);

  const node = await ensureNode(api, follower.url, report);
  await startFollower(api, node, primary, follower, report);
  await api.post(`/admin/remote-nodes/${node.id}/test`);
  report('connection test', 'passed');

  await ensureTarget(api, node.id, report);
  const policy = await ensurePolicy(api, node.id, report);
  const group = await ensureGroup(api, policy.id, report);
  await assignGroup(api, group.id, report);

  const objects = join(follower.cwd, 'data', 'managed-ingress', TARGET.base_path, NODE.namespace);
  const sample = await storeSample(api, dir, objects);
  report('sample', sample.found ? 'found in place' : 'uploaded');
  return { username: ADMIN.username, password, sample };
}

async function signIn(api, dir, report) {
  const path = join(dir, 'admin-password');
  const { has_users: hasUsers } = await api.post('/auth/check');
  if (hasUsers && !existsSync(path)) {
    throw new Failure(`${path} is gone but the primary has an administrator; put it back, or delete ${dir} to start anew`);
  }
  // On disk before the account exists: killed in between, the next run creates the account with this password.
  if (!existsSync(path)) await writeWhole(path, `${randomBytes(18).toString('base64url')}\n`, 0o600);
  const password = (await readFile(path, 'utf8')).trim();
  if (!hasUsers) await api.post('/auth/setup', { ...ADMIN, password });
  await api.login(ADMIN.username, password);
  report('administrator', hasUsers ? 'found in place' : 'created');
  return password;
}

async function ensureNode(api, baseUrl, report) {
  const wanted = { base_url: baseUrl, is_enabled: true };
  let node = await findByName(api, '/admin/remote-nodes', NODE.name);
  const outcome = node ? 'found in place' : 'created';
  if (!node) {
    node = await api.post('/admin/remote-nodes', { ...NODE, ...wanted });
  } else if (node.base_url !== baseUrl || !node.is_enabled) {
    node = await api.patch(`/admin/remote-nodes/${node.id}`, wanted);
  }
  report(`node ${NODE.name}`, outcome);
  return node;
}

/** Starts the follower; one that has not finished enrolling gets a token, in its environment only. */
async function startFollower(api, node, primary, follower, report) {
  const mode = { ASTER__SERVER__START_MODE: 'follower' };
  const enrolled = node.enrollment_status === 'completed';
  if (enrolled && !existsSync(join(follower.cwd, 'data'))) {
    throw new Failure(`the primary knows its follower, but ${follower.cwd} is gone; delete ${primary.cwd} too, to start anew`);
  }
  if (enrolled) {
    await follower.start(mode);
  } else {
    const { token } = await api.post(`/admin/remote-nodes/${node.id}/enrollment-token`);
    await follower.start({
      ...mode,
      ASTER_BOOTSTRAP_REMOTE_MASTER_URL: primary.url,
      ASTER_BOOTSTRAP_REMOTE_ENROLLMENT_TOKEN: token,
    });
  }
  await follower.ready();
  await untilEnrolled(api, node.id);
  report('follower', `${enrolled ? 'found enrolled' : 'enrolled'}, ready at ${follower.url}`);
}

async function untilEnrolled(api, id) {
  const deadline = Date.now() + ENROLLED_DEADLINE_MS;
  for (;;) {
    const { enrollment_status: status } = await api.get(`/admin/remote-nodes/${id}`);
    if (status === 'completed') return;
    if (Date.now() > deadline) throw new Failure(`the follower is ready, but its node's enrollment is '${status}'`);
    await sleep(100);
  }
}

async function ensureTarget(api, nodeId, report) {
  const path = `/admin/remote-nodes/${nodeId}/ingress-profiles`;
  const earlier = (await api.get(path)).find((each) => each.name === TARGET.name);
  const target =
    earlier ?? (await api.post(path, { ...TARGET, driver_type: 'local', max_file_size: 0, is_default: true }));
  // A target that could not be applied is still answered with success; only these two members tell.
  if (target.last_error || target.applied_revision < target.desired_revision) {
    throw new Failure(`ingress target ${TARGET.name} is not applied: ${target.last_error || 'no reason given'}`);
  }
  report(`ingress target ${TARGET.name}`, earlier ? 'found in place' : 'created');
}

async function ensurePolicy(api, nodeId, report) {
  const earlier = await findByName(api, '/admin/policies', POLICY_NAME);
  const policy =
    earlier ??
    (await api.post('/admin/policies', {
      name: POLICY_NAME,
      driver_type: 'remote',
      remote_node_id: nodeId,
      base_path: '',
      chunk_size: CHUNK_BYTES,
      options: { remote_upload_strategy: 'relay_stream', remote_download_strategy: 'relay_stream' },
    }));
  await api.post(`/admin/policies/${policy.id}/test`);
  report(`storage policy "${POLICY_NAME}"`, `${earlier ? 'found in place' : 'created'}, test passed`);
  return policy;
}

async function ensureGroup(api, policyId, report) {
  const earlier = await findByName(api, '/admin/policy-groups', GROUP_NAME);
  const rule = { policy_id: policyId, priority: 1, min_file_size: 0, max_file_size: 0 };
  const group =
    earlier ?? (await api.post('/admin/policy-groups', { name: GROUP_NAME, is_default: true, items: [rule] }));
  report(`policy group "${GROUP_NAME}"`, earlier ? 'found in place' : 'created, default');
  return group;
}

/** The administrator is older than the group, so the new default does not reach that account by itself. */
async function assignGroup(api, groupId, report) {
  const me = await api.get('/auth/me');
  const assigned = me.policy_group_id === groupId;
  if (!assigned) await api.patch(`/admin/users/${me.id}`, { policy_group_id: groupId });
  report(`group of ${ADMIN.username}`, assigned ? 'found in place' : 'assigned');
}

async function findByName(api, path, name) {
  const { items } = await api.get(`${path}?limit=100`);
  return items.find((each) => each.name === name);
}
