import { Api } from '../../../scripts/run/api.mjs';
import { furnishDrive } from './furnish-drive.mjs';
import { ADMIN } from './stage.mjs';

/** A drive that looks lived in: a follower in service, one that waits, one that is away, groups, users. */
export async function furnish(stage) {
  const api = new Api(stage.primary.url);
  await api.post('/auth/setup', ADMIN);
  await api.login(ADMIN.username, ADMIN.password);
  await api.put('/admin/config/public_site_url', { value: [stage.primary.url] });
  const node = await inService(stage, api);
  const remote = await api.post('/admin/policies', {
    name: 'Attic',
    driver_type: 'remote',
    remote_node_id: node,
    base_path: '',
  });
  await api.post('/admin/policy-groups', {
    name: 'By size',
    description: 'Small files stay here, large ones go to the attic',
    items: [
      { policy_id: 1, priority: 1, min_file_size: 0, max_file_size: 104857600 },
      { policy_id: remote.id, priority: 2, min_file_size: 104857600, max_file_size: 0 },
    ],
  });
  for (const name of ['anna', 'bertram', 'chen-li']) {
    const user = await api.post('/admin/users', {
      username: name,
      email: `${name}@example.com`,
      password: ADMIN.password,
    });
    if (name !== 'anna') await api.patch(`/admin/users/${user.id}`, { policy_group_id: 2, storage_quota: 53687091200 });
  }
  const fresh = await api.post('/admin/remote-nodes', { name: 'Office', base_url: 'http://office.example.com:3000' });
  await api.post('/admin/remote-nodes', { name: 'Lab machine with quite a long name' });
  return { node, fresh: fresh.id, ...(await furnishDrive(api)) };
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
  return id;
}
