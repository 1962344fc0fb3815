import { randomBytes } from 'node:crypto';

import { Api } from '../../../scripts/run/api.mjs';
import { upload } from './files.mjs';
import { ADMIN } from './stage.mjs';

const MIB = 1024 * 1024;

/** An administrator, signed in, on a primary that knows its address. */
export async function begin(stage) {
  const api = new Api(stage.primary.url);
  await api.post('/auth/setup', ADMIN);
  await api.login(ADMIN.username, ADMIN.password);
  await api.put('/admin/config/public_site_url', { value: [stage.primary.url] });
  return api;
}

/**
 * A drive that looks lived in: a follower in service, one that waits, one that is away; policies, a group that routes
 * by size (the attic takes what has `border` bytes and more), users, a team, files, shares, and a task that is done.
 */
export async function furnish(stage, border = 100 * MIB) {
  const api = await begin(stage);
  const { node, follower } = await inService(stage, api);
  const remote = await api.post('/admin/policies', {
    name: 'Attic',
    driver_type: 'remote',
    remote_node_id: node,
    base_path: '',
  });
  const group = await api.post('/admin/policy-groups', {
    name: 'By size',
    description: 'Small files stay here, large ones go to the attic',
    items: [
      { policy_id: 1, priority: 1, min_file_size: 0, max_file_size: border },
      { policy_id: remote.id, priority: 2, min_file_size: border, max_file_size: 0 },
    ],
  });
  const people = {};
  for (const name of ['anna', 'bertram', 'chen-li']) {
    const user = await api.post('/admin/users', {
      username: name,
      email: `${name}@example.com`,
      password: ADMIN.password,
    });
    people[name] = user.id;
    const change = { policy_group_id: group.id, storage_quota: 50 * 1024 * MIB };
    if (name !== 'anna') await api.patch(`/admin/users/${user.id}`, change);
  }
  const team = await api.post('/admin/teams', {
    name: 'Orchard',
    description: 'Photos and plans of the garden',
    admin_identifier: 'anna',
    storage_quota: 20 * 1024 * MIB,
  });
  for (const name of ['bertram', 'chen-li']) {
    await api.post(`/admin/teams/${team.id}/members`, { identifier: name, role: 'member' });
  }
  const fresh = await api.post('/admin/remote-nodes', { name: 'Office', base_url: 'http://office.example.com:3000' });
  await api.post('/admin/remote-nodes', { name: 'Lab machine with quite a long name' });
  const files = await fill(stage);
  return { api, node, follower, fresh: fresh.id, remote: remote.id, group: group.id, team: team.id, people, files };
}

/** Files of bertram, two of them shared. */
async function fill(stage) {
  const api = new Api(stage.primary.url);
  await api.login('bertram', ADMIN.password);
  const files = {};
  for (const [name, size] of [
    ['letter.txt', 1_800],
    ['garden plan.pdf', 240_000],
    ['harvest.jpg', 620_000],
  ]) {
    files[name] = (await upload(api, name, randomBytes(size))).id;
  }
  const target = (name) => ({ target: { type: 'file', id: files[name] } });
  await api.post('/shares', { ...target('garden plan.pdf'), max_downloads: 5 });
  await api.post('/shares', { ...target('harvest.jpg'), password: 'apple tree' });
  return files;
}

async function inService(stage, api) {
  const follower = await stage.instance('follower');
  const { id } = await api.post('/admin/remote-nodes', { name: 'Attic NAS', base_url: follower.url });
  const { command } = await api.post(`/admin/remote-nodes/${id}/enrollment-token`);
  await stage.runCommand(follower, command);
  await follower.start({});
  await follower.ready();
  await api.post(`/admin/remote-nodes/${id}/test`);
  const target = {
    name: 'default-local',
    driver_type: 'local',
    base_path: 'default',
    max_file_size: 0,
    is_default: true,
  };
  await api.post(`/admin/remote-nodes/${id}/ingress-profiles`, target);
  return { node: id, follower };
}
