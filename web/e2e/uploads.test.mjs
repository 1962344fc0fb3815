// Uploads in a browser: each way that the server names, with what can go wrong on it.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { Api } from '../../scripts/run/api.mjs';
import { lookAt, violations } from './support/axe.mjs';
import { bigFile, hashOf, hashOnServer } from './support/samples.mjs';
import { ADMIN, Stage, watch } from './support/stage.mjs';
import { story } from './support/story.mjs';

const MIB = 1024 * 1024;
/** Of large uploads on a busy machine. */
const LONG = { timeout: 240_000 };

let stage;
let page;
let api;
let follower;
let problems;
let files;
const test = story(() => page);

const button = (name) => page.getByRole('button', { name, exact: true });
const panel = () => page.getByRole('region', { name: 'Uploads' });
const row = (name) =>
  panel()
    .getByRole('listitem')
    .filter({ has: page.getByText(name, { exact: true }) });
const done = (name, options) => row(name).getByText('Done').first().waitFor(options);
const heading = (name) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();

/** Chooses files or a folder by the menu "New", which is gone afterwards. */
async function chooseBy(entry, paths) {
  await button('New').click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
  await (await chooser).setFiles(paths);
  await page.getByRole('menu').waitFor({ state: 'detached' });
}

const choose = (...paths) => chooseBy('Upload files', paths);

async function idOf(name, folder) {
  const { files: found } = await api.get(folder ? `/folders/${folder}` : '/folders');
  const file = found.find((each) => each.name === name);
  assert.ok(file, `${name} is not among ${found.map((each) => each.name)}`);
  return file.id;
}

async function made(name, bytes) {
  const path = join(files, name);
  return { path, hash: await bigFile(path, bytes) };
}

/** Slows down what the browser sends. */
async function throttle(bytesPerSecond) {
  const session = await page.context().newCDPSession(page);
  const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond };
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', conditions);
}

/** A follower in service to which browsers send directly, and a group that sends everything there. */
async function presigned() {
  follower = await stage.instance('follower');
  const { id } = await api.post('/admin/remote-nodes', { name: 'Attic', base_url: follower.url });
  const { command } = await api.post(`/admin/remote-nodes/${id}/enrollment-token`);
  await stage.runCommand(follower, command);
  await follower.start({});
  await follower.ready();
  await api.post(`/admin/remote-nodes/${id}/test`);
  const target = { name: 'default', driver_type: 'local', base_path: 'default', max_file_size: 0, is_default: true };
  await api.post(`/admin/remote-nodes/${id}/ingress-profiles`, target);
  await api.post(`/admin/remote-nodes/${id}/test`);
  const policy = await api.post('/admin/policies', {
    ...{ name: 'Attic', driver_type: 'remote', remote_node_id: id, base_path: '' },
    options: { remote_upload_strategy: 'presigned', remote_download_strategy: 'presigned' },
  });
  const items = [{ policy_id: policy.id, priority: 1, min_file_size: 0, max_file_size: 0 }];
  return api.post('/admin/policy-groups', { name: 'Directly', items });
}

before(async () => {
  stage = await Stage.open();
  files = join(stage.dir, 'files');
  await mkdir(files);
  api = new Api(stage.primary.url);
  await api.post('/auth/setup', ADMIN);
  await api.login(ADMIN.username, ADMIN.password);
  await api.put('/admin/config/public_site_url', { value: [stage.primary.url] });
  const context = await stage.context({ acceptDownloads: true });
  page = await context.newPage();
  problems = watch(page, () => [stage.primary.url, ...(follower ? [follower.url] : [])]);
  await page.goto('/login');
  await page.getByLabel('User name or mail address').fill(ADMIN.username);
  await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await button('Sign in').click();
  await heading('My drive');
});

after(() => stage?.close());

test('small files arrive as they were, also empty ones and ones with a name from anywhere', async () => {
  const names = ['letter.txt', 'leer.txt', '文件 #1 & co.txt'];
  await writeFile(join(files, names[0]), 'Dear reader');
  await writeFile(join(files, names[1]), '');
  await writeFile(join(files, names[2]), '你好');
  await choose(...names.map((name) => join(files, name)));
  for (const name of names) await done(name);
  await panel().getByText('3 files uploaded').waitFor();
  await lookAt(page, 'upload panel');
  assert.equal(await hashOnServer(api, await idOf(names[0])), hashOf('Dear reader'));
  assert.equal(await hashOnServer(api, await idOf(names[1])), hashOf(''));
  assert.equal(await hashOnServer(api, await idOf(names[2])), hashOf('你好'));
  await page.getByTitle(names[2], { exact: true }).first().waitFor();
});

test('a name that is taken is not overwritten, and the panel says what it became', async () => {
  await choose(join(files, 'letter.txt'));
  await panel().getByText('Saved as letter (1).txt').waitFor();
  await button('Close').click();
  await panel().waitFor({ state: 'detached' });
});

test('a folder comes with everything below it', async () => {
  const folder = join(files, 'Trip');
  await mkdir(join(folder, 'Day 1'), { recursive: true });
  await writeFile(join(folder, 'plan.txt'), 'plan');
  await writeFile(join(folder, 'Day 1', 'notes.txt'), 'notes');
  await chooseBy('Upload a folder', folder);
  await done('plan.txt');
  await done('notes.txt');
  const { folders } = await api.get('/folders');
  const trip = await api.get(`/folders/${folders.find(({ name }) => name === 'Trip').id}`);
  assert.deepEqual([trip.files[0].name, trip.folders[0].name], ['plan.txt', 'Day 1']);
  assert.equal(await hashOnServer(api, await idOf('notes.txt', trip.folders[0].id)), hashOf('notes'));
});

test('200 MiB go in chunks and come back the same', async () => {
  const { path, hash } = await made('large.bin', 200 * MIB);
  await choose(path);
  await row('large.bin')
    .getByText(/of 200 MiB/)
    .waitFor();
  await lookAt(page, 'upload under way');
  await done('large.bin', LONG);
  assert.equal(await hashOnServer(api, await idOf('large.bin')), hash);
});

test('an upload pauses, goes on, and after a reload goes on with the same file and no other', async () => {
  const { path, hash } = await made('paused.bin', 40 * MIB);
  const other = join(files, 'other.bin');
  await writeFile(other, 'something else');
  // Slow enough that a busy machine sees it in the middle.
  await throttle(2 * MIB);
  await choose(path);
  await row('paused.bin')
    .getByText(/[1-9]\d*(\.\d)? MiB of 40 MiB/)
    .waitFor();
  await button('Pause paused.bin').click();
  await row('paused.bin').getByText('Paused').first().waitFor();
  await button('Resume paused.bin').click();
  // Three chunks are on their way; more than that has arrived.
  await row('paused.bin')
    .getByText(/[23]\d(\.\d)? MiB of 40 MiB/)
    .waitFor();
  page.once('dialog', (dialog) => dialog.accept());
  await page.reload();
  await panel().getByText('Go on with uploads of before').waitFor();
  await lookAt(page, 'left behind');
  await throttle(-1);
  const chunks = [];
  page.on('request', (request) => {
    if (request.method() === 'PUT') chunks.push(request.url());
  });
  await chooseAgain(other);
  await panel()
    .getByText(/other\.bin is not one of them/)
    .waitFor();
  assert.deepEqual(chunks, []);
  await chooseAgain(path);
  await done('paused.bin', LONG);
  assert.ok(chunks.length < 8, `${chunks.length} of 8 chunks were sent after the reload`);
  assert.equal(await hashOnServer(api, await idOf('paused.bin')), hash);
});

async function chooseAgain(path) {
  const chooser = page.waitForEvent('filechooser');
  await button('Choose the files').click();
  await (await chooser).setFiles(path);
}

test('a cancelled upload leaves nothing, neither here nor on the server', async () => {
  const { path } = await made('cancelled.bin', 30 * MIB);
  await throttle(2 * MIB);
  await choose(path);
  await row('cancelled.bin')
    .getByText(/MiB of 30 MiB/)
    .waitFor();
  await button('Cancel cancelled.bin').click();
  await row('cancelled.bin').waitFor({ state: 'detached' });
  await throttle(-1);
  await page.waitForFunction(async () => {
    const reply = await fetch('/api/v1/files/upload/sessions');
    return (await reply.json()).data.length === 0;
  });
});

test('files go to the follower directly, in one piece or in parts', async () => {
  const group = await presigned();
  await api.patch('/admin/users/1', { policy_group_id: group.id });
  // The page that is loaded now may call the follower.
  await page.goto('/');
  await heading('My drive');
  const direct = [];
  page.on('request', (request) => {
    if (request.method() === 'PUT' && request.url().startsWith(follower.url)) direct.push(request.url());
  });
  const one = await made('piece.bin', 2 * MIB);
  const parts = await made('parts.bin', 23 * MIB);
  await choose(one.path, parts.path);
  await done('piece.bin', LONG);
  await done('parts.bin', LONG);
  assert.equal(direct.length, 1 + 5);
  assert.equal(await hashOnServer(api, await idOf('piece.bin')), one.hash);
  assert.equal(await hashOnServer(api, await idOf('parts.bin')), parts.hash);
});

test('a browser that does not reach the follower says so and goes by way of the server', async () => {
  await page.context().route(`${follower.url}/**`, (route) => route.abort('connectionrefused'));
  const { path, hash } = await made('detour.bin', 12 * MIB);
  await choose(path);
  await row('detour.bin').getByText('This browser cannot reach the storage directly').waitFor();
  await done('detour.bin', LONG);
  await lookAt(page, 'detour');
  assert.equal(await hashOnServer(api, await idOf('detour.bin')), hash);
  await page.context().unroute(`${follower.url}/**`);
});

test('what the server refuses is said at the file, and can be tried again', async () => {
  await api.patch('/admin/users/1', { storage_quota: 1 });
  await writeFile(join(files, 'refused.txt'), 'no room for this');
  await choose(join(files, 'refused.txt'));
  await row('refused.txt').getByText('There is no space left for this').waitFor();
  await lookAt(page, 'refused');
  await api.patch('/admin/users/1', { storage_quota: 0 });
  await button('Try refused.txt again').click();
  await done('refused.txt');
});

test('axe found no violation', () => {
  assert.equal(violations.length, 0, violations.join('\n\n'));
});

test('nothing was logged as an error and nobody else was asked', () => {
  assert.deepEqual(problems, []);
});
