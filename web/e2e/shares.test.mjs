// Shares, from the dialog to a visitor without account; and what there is to look at files with.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Api } from '../../scripts/run/api.mjs';
import { lookAt, violations } from './support/axe.mjs';
import { becomes } from './support/becomes.mjs';
import { upload } from './support/files.mjs';
import { png } from './support/picture.mjs';
import { hashOf, pdf, wav } from './support/samples.mjs';
import { ADMIN, Stage, watch } from './support/stage.mjs';
import { story } from './support/story.mjs';

const PASSWORD = 'open sesame';
const PICTURE = png(320, 200);

let stage;
let page;
let guest;
let api;
let link;
let album;
let problems;
const test = story(() => guest ?? page);

const button = (name, on = page) => on.getByRole('button', { name, exact: true });
const heading = (name, on = page) => on.getByRole('heading', { name, level: 1, exact: true }).waitFor();
const dialog = (on = page) => on.getByRole('dialog');
const item = (name) => page.locator('[data-index]').filter({ has: page.getByTitle(name, { exact: true }) });
const view = (name, on = page) => on.getByRole('dialog', { name: `Preview of ${name}` });
const beside = { position: { x: 500, y: 26 } };

async function share(name) {
  await item(name).click({ ...beside, button: 'right' });
  await page.getByRole('menuitem', { name: 'Share', exact: true }).click();
  await dialog().waitFor();
}

const linkShown = () => dialog().locator('[data-copyable=Link]').textContent();

/** A browser that has never been here. */
async function stranger() {
  await guest?.context().close();
  const context = await stage.context({ acceptDownloads: true });
  guest = await context.newPage();
  watch(guest, () => [stage.primary.url], problems);
  return guest;
}

async function bytesOf(download) {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

before(async () => {
  stage = await Stage.open();
  api = new Api(stage.primary.url);
  await api.post('/auth/setup', ADMIN);
  await api.login(ADMIN.username, ADMIN.password);
  await api.put('/admin/config/public_site_url', { value: [stage.primary.url] });
  await upload(api, 'sunset.png', PICTURE);
  await upload(api, 'sunrise.png', png(300, 300, [255, 120, 60], [90, 79, 207]));
  await upload(api, 'report.pdf', pdf(['First page', 'Second page', 'Third page']));
  await upload(api, 'notes.md', '# Notes\n\n- [x] done\n- [ ] open\n\n[site](https://example.com) <b>raw</b>\n');
  await upload(api, 'table.csv', 'name;size\nroses;3\n"tulips; red";5\n');
  await upload(api, 'main.rs', 'fn main() {\n    println!("Hello");\n}\n');
  await upload(api, 'tone.wav', wav(20));
  await upload(api, 'data.bin', Buffer.from([0, 1, 2, 3]));
  await upload(api, 'Album/cover.png', PICTURE);
  await upload(api, 'Album/Day 1/first.txt', 'the first day');
  const { folders } = await api.get('/folders');
  album = folders[0].id;
  const ticket = await api.post('/batch/archive-download', { folder_ids: [album], archive_name: 'album' });
  const reply = await api.raw(ticket.path.replace('/api/v1', ''));
  await upload(api, 'album.zip', Buffer.from(await reply.arrayBuffer()));
  const context = await stage.context({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  problems = watch(page, () => [stage.primary.url]);
  await page.goto('/login');
  await page.getByLabel('User name or mail address').fill(ADMIN.username);
  await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await button('Sign in').click();
  await heading('My drive');
});

after(() => stage?.close());

test('a picture opens, grows, and leads to the next one', async () => {
  await item('sunrise.png').getByTitle('sunrise.png').click();
  const shown = view('sunrise.png');
  await shown.getByRole('img', { name: 'sunrise.png' }).waitFor();
  await page.waitForFunction(() => document.querySelector('img[alt="sunrise.png"]')?.naturalWidth === 300);
  await lookAt(page, 'picture');
  await button('Larger').click();
  await shown.getByText('125 %').waitFor();
  await button('Fit to the window').click();
  await page.keyboard.press('ArrowRight');
  await view('sunset.png').waitFor();
  await page.keyboard.press('ArrowLeft');
  await view('sunrise.png').waitFor();
  await page.keyboard.press('Escape');
  await view('sunrise.png').waitFor({ state: 'detached' });
});

test('a document shows its pages and text that can be chosen', async () => {
  await item('report.pdf').getByTitle('report.pdf').click();
  const shown = view('report.pdf');
  await shown.getByText('First page').waitFor();
  await shown.getByText('of 3').waitFor();
  await page.waitForFunction(() => document.querySelector('canvas')?.width > 100);
  await lookAt(page, 'document');
  await shown.getByLabel('Page', { exact: true }).fill('3');
  await shown.getByText('Third page').waitFor();
  await button('Close the preview').click();
});

test('sound can be sought, of which only the ranges are fetched', async () => {
  const ranges = [];
  page.on('request', (request) => ranges.push(request.headers().range));
  await item('tone.wav').getByTitle('tone.wav').click();
  const audio = view('tone.wav').locator('audio');
  await audio.waitFor();
  await page.waitForFunction(() => document.querySelector('audio')?.readyState >= 1);
  const at = await audio.evaluate(async (element) => {
    const sought = new Promise((resolve) => element.addEventListener('seeked', resolve, { once: true }));
    element.currentTime = 15;
    await sought;
    return element.currentTime;
  });
  assert.equal(at, 15);
  assert.ok(ranges.some((range) => range?.startsWith('bytes=')));
  await lookAt(page, 'sound');
  await page.keyboard.press('Escape');
});

test('Markdown is formatted, and HTML in it stays text', async () => {
  await item('notes.md').getByTitle('notes.md').click();
  const shown = view('notes.md');
  await shown.getByRole('heading', { name: 'Notes', exact: true }).waitFor();
  await shown.getByText('<b>raw</b>').waitFor();
  await lookAt(page, 'Markdown');
  await page.keyboard.press('Escape');
});

test('a table and an archive are listed', async () => {
  await item('table.csv').getByTitle('table.csv').click();
  await view('table.csv').getByRole('cell', { name: 'tulips; red' }).waitFor();
  await lookAt(page, 'table');
  await page.keyboard.press('Escape');
  await item('album.zip').getByTitle('album.zip').click();
  await view('album.zip').getByText('Album/Day 1/first.txt').waitFor();
  await view('album.zip')
    .getByText(/2 files/)
    .waitFor();
  await lookAt(page, 'archive');
  await page.keyboard.press('Escape');
});

test('what has no viewer can be downloaded, or tried as text', async () => {
  await item('data.bin').getByTitle('data.bin').click();
  await view('data.bin').getByText('There is no preview of this kind of file').waitFor();
  await lookAt(page, 'no viewer');
  await button('Try as text').click();
  await view('data.bin').getByText('This does not look like text').waitFor();
  await page.keyboard.press('Escape');
});

test('text is edited and saved, and a change of somebody else is not overwritten unasked', async () => {
  await item('main.rs').getByTitle('main.rs').click();
  const shown = view('main.rs');
  await button('Edit').click();
  const editor = shown.getByRole('textbox', { name: 'Text of main.rs' });
  await editor.click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('// one');
  await shown.getByText('Not saved yet').waitFor();
  await lookAt(page, 'editor');
  await page.keyboard.press('ControlOrMeta+s');
  await shown.getByText('Not saved yet').waitFor({ state: 'detached' });
  const { files } = await api.get('/folders');
  const id = files.find(({ name }) => name === 'main.rs').id;
  assert.match(await (await api.raw(`/files/${id}/download`)).text(), /\/\/ one$/);

  // Still editing; meanwhile another program saves.
  await fetch(`${stage.primary.url}/api/v1/files/${id}/content`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await tokenOf(ADMIN)}`, 'content-type': 'application/octet-stream' },
    body: 'fn theirs() {}\n',
  });
  await editor.click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type(' and two');
  await button('Save').click();
  await shown.getByText('Somebody else has changed this file').waitFor();
  await lookAt(page, 'conflict');
  await page.keyboard.press('Escape');
  await page.getByText('Leave without saving?').waitFor();
  await button('Cancel').click();
  await button('Discard mine and load theirs').click();
  await shown.getByText('theirs').waitFor();
  await page.keyboard.press('Escape');
  await shown.waitFor({ state: 'detached' });
});

async function tokenOf({ username, password }) {
  const reply = await fetch(`${stage.primary.url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: username, password }),
  });
  const cookie = reply.headers.getSetCookie().find((line) => line.startsWith('aster_access='));
  return cookie.slice('aster_access='.length).split(';')[0];
}

test('a file is shared with a password', async () => {
  await share('sunset.png');
  await lookAt(page, 'new share');
  await dialog().getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button('Create the link').click();
  await dialog().getByRole('img', { name: 'QR code of the link' }).waitFor();
  await lookAt(page, 'share');
  link = await linkShown();
  assert.match(link, /\/s\/[0-9a-f]{32}$/);
  await page.keyboard.press('Escape');
});

test('a stranger needs the password and gets the same bytes', async () => {
  const visitor = await stranger();
  await visitor.goto(link);
  await visitor.getByText('This share has a password').waitFor();
  await lookAt(visitor, 'locked share');
  await visitor.getByLabel('Password *', { exact: true }).fill('something else');
  await button('Open', visitor).click();
  await visitor.getByText('The password is wrong').waitFor();
  await visitor.getByLabel('Password *', { exact: true }).fill(PASSWORD);
  await button('Open', visitor).click();
  await visitor.getByText('Shared by administrator').waitFor();
  await lookAt(visitor, 'shared file');
  const arriving = visitor.waitForEvent('download');
  await visitor.getByRole('link', { name: 'Download' }).click();
  assert.equal(hashOf(await bytesOf(await arriving)), hashOf(PICTURE));
  await button('Look at it', visitor).click();
  await visitor.waitForFunction(() => document.querySelector('img[alt="sunset.png"]')?.naturalWidth === 320);
  await visitor.keyboard.press('Escape');
});

test('a folder is looked through, down and up again, and comes as one archive', async () => {
  await share('Album');
  await button('Create the link').click();
  await dialog().getByRole('img', { name: 'QR code of the link' }).waitFor();
  link = await linkShown();
  await page.keyboard.press('Escape');
  const visitor = await stranger();
  await visitor.goto(link);
  await heading('Album', visitor);
  await lookAt(visitor, 'shared folder');
  await button('Open the folder Day 1', visitor).click();
  await visitor.getByText('first.txt').waitFor();
  await visitor.reload();
  await button('Look at first.txt', visitor).click();
  await visitor.getByText('the first day').waitFor();
  await visitor.keyboard.press('Escape');
  await visitor.getByRole('navigation', { name: 'Path within the share' }).getByRole('button').first().click();
  await button('Look at cover.png', visitor).click();
  await visitor.waitForFunction(() => document.querySelector('img[alt="cover.png"]')?.naturalWidth === 320);
  await visitor.keyboard.press('Escape');
  const arriving = visitor.waitForEvent('download');
  await visitor.getByRole('link', { name: 'Download all (ZIP)' }).click();
  const archive = await bytesOf(await arriving);
  assert.equal(archive.subarray(0, 2).toString(), 'PK');
});

test('my shares are listed, changed and ended', async () => {
  await page.goto('/shares');
  await heading('My shares');
  await page.getByText('sunset.png').first().waitFor();
  await lookAt(page, 'my shares');
  await button('Copy the link of Album').click();
  await becomes(() => page.evaluate(() => navigator.clipboard.readText()), link);
  await button('Edit Album').click();
  const { items } = await api.get('/shares');
  const { download_count } = items.find((share) => share.resource_name === 'Album');
  // Two files were looked at, and the archive was fetched.
  assert.equal(download_count, 3);
  await dialog().getByLabel('Downloads').fill('4');
  await button('Save the changes').click();
  await page.getByText('The share is changed').waitFor();
  await page.keyboard.press('Escape');
  const visitor = await stranger();
  await visitor.goto(link);
  await visitor.getByText('1 download left').waitFor();
  const arriving = visitor.waitForEvent('download');
  await visitor.getByRole('link', { name: 'Download all (ZIP)' }).click();
  await bytesOf(await arriving);
  await visitor.reload();
  await visitor.getByText('All downloads of this share are used').waitFor();
  await lookAt(visitor, 'used up');
  await page.reload();
  await page.getByText('Downloads used up').waitFor();
  await button('Delete the share of Album').click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('row').filter({ hasText: 'Album' }).waitFor({ state: 'detached' });
  await visitor.reload();
  await visitor.getByText('There is nothing here (any more)').waitFor();
  await lookAt(visitor, 'no share');
});

test('a direct link works until it is ended', async () => {
  await page.goto('/');
  await share('report.pdf');
  await button('Show the direct link').click();
  const direct = await dialog().locator('[data-copyable="Direct link"]').textContent();
  assert.equal((await fetch(direct)).status, 200);
  await button('End the direct link').click();
  const question = page.getByRole('dialog', { name: 'End the direct link?' });
  await question.getByRole('button', { name: 'End the direct link' }).click();
  await page.getByText('The direct link is ended').waitFor();
  assert.equal((await fetch(direct)).status, 404);
  await page.keyboard.press('Escape');
});

test('visitors are spoken to in Chinese, light and dark', async () => {
  const context = await stage.context({ locale: 'zh-CN', colorScheme: 'dark' });
  const visitor = await context.newPage();
  const { items } = await api.get('/shares');
  await visitor.goto(`/s/${items[0].token}`);
  await visitor.getByText('此分享受密码保护').waitFor();
  await lookAt(visitor, 'locked share in Chinese');
  await context.close();
});

test('axe found no violation', () => {
  assert.equal(violations.length, 0, violations.join('\n\n'));
});

test('nothing was logged as an error and nobody else was asked', () => {
  assert.deepEqual(problems, []);
});
