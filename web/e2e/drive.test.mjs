// What people do with their files every day, in a browser.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { Api } from '../../scripts/run/api.mjs';
import { lookAt, violations } from './support/axe.mjs';
import { manyFiles, upload } from './support/files.mjs';
import { png } from './support/picture.mjs';
import { ADMIN, Stage, watch } from './support/stage.mjs';
import { story } from './support/story.mjs';

const COLLEAGUE = { username: 'colleague', email: 'colleague@example.com', password: ADMIN.password };
const LONG = 350;

let stage;
let page;
let api;
let problems;
const test = story(() => page);

const button = (name) => page.getByRole('button', { name, exact: true });
const heading = (name) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
const dialog = () => page.getByRole('dialog');
const list = () => page.getByRole('grid');
const item = (name) => page.locator('[data-index]').filter({ has: page.getByTitle(name, { exact: true }) });
const isGone = (name) => item(name).waitFor({ state: 'detached' });
const entry = (name) => page.getByRole('menuitem', { name, exact: true });
const selected = (count) => page.getByText(`${count} selected`, { exact: true }).first().waitFor();
/** A part of a row where a click only chooses it. */
const beside = { position: { x: 500, y: 26 } };

async function signIn(on, who) {
  await on.goto('/login');
  await on.getByLabel('User name or mail address').fill(who.username);
  await on.getByLabel('Password *', { exact: true }).fill(who.password);
  await on.getByRole('button', { name: 'Sign in' }).click();
  await on.getByRole('heading', { name: 'My drive', level: 1 }).waitFor();
}

async function newFolder(name) {
  await button('New').click();
  await entry('New folder').click();
  await dialog().getByLabel('Name').fill(name);
  await dialog().getByRole('button', { name: 'Create' }).click();
}

before(async () => {
  stage = await Stage.open();
  api = new Api(stage.primary.url);
  await api.post('/auth/setup', ADMIN);
  await api.login(ADMIN.username, ADMIN.password);
  await api.post('/admin/users', COLLEAGUE);
  const context = await stage.context({ acceptDownloads: true });
  page = await context.newPage();
  problems = watch(page, () => [stage.primary.url]);
});

after(() => stage?.close());

test('an empty drive says how something comes in', async () => {
  await signIn(page, ADMIN);
  await page.getByText('This folder is empty').waitFor();
  await lookAt(page, 'empty drive');
});

test('a folder is made, and its name is refused in words', async () => {
  await newFolder('a/b');
  await page.getByText('A name must not contain').waitFor();
  await lookAt(page, 'new folder');
  await dialog().getByLabel('Name').fill('Reports');
  await dialog().getByRole('button', { name: 'Create' }).click();
  await item('Reports').waitFor();
  await newFolder('Reports');
  await dialog().getByText('there is a folder named `Reports` already').waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
});

test('what others add appears when the page is looked at again', async () => {
  for (const name of ['alpha.txt', 'beta.txt', 'delta.txt', 'gamma.txt']) await upload(api, name, `This is ${name}`);
  await upload(api, 'sunset.png', png(640, 400));
  await button('Load again').click();
  await item('gamma.txt').waitFor();
  await lookAt(page, 'list');
});

test('F2 renames in place, and what the server refuses is said there', async () => {
  await item('beta.txt').click(beside);
  await page.keyboard.press('F2');
  const field = page.getByLabel('New name of beta.txt');
  await field.fill('alpha.txt');
  await page.keyboard.press('Enter');
  await page.getByText('there is a file named `alpha.txt` already').waitFor();
  await lookAt(page, 'rename');
  await field.fill('bravo.txt');
  await page.keyboard.press('Enter');
  await item('bravo.txt').waitFor();
  await isGone('beta.txt');
});

test('dragging moves into a folder, and Undo takes it back', async () => {
  await item('gamma.txt').dragTo(item('Reports'));
  await isGone('gamma.txt');
  await page.getByText('gamma.txt was moved').waitFor();
  await button('Undo').click();
  await item('gamma.txt').waitFor();
  await item('gamma.txt').dragTo(item('Reports'));
  await isGone('gamma.txt');
  await item('Reports').getByTitle('Reports').click();
  await heading('Reports');
  await item('gamma.txt').waitFor();
});

test('a crumb takes things as well', async () => {
  await item('gamma.txt').dragTo(
    page.getByRole('navigation', { name: 'Where this page belongs' }).getByText('My drive'),
  );
  await page.getByText('This folder is empty').waitFor();
  await page.goBack();
  await item('gamma.txt').waitFor();
});

test('several are chosen by mouse, with Shift and with Ctrl', async () => {
  await item('alpha.txt').click(beside);
  await item('delta.txt').click({ ...beside, modifiers: ['Shift'] });
  await selected(3);
  await item('sunset.png').click({ ...beside, modifiers: ['ControlOrMeta'] });
  await selected(4);
  await item('bravo.txt').getByRole('checkbox').click();
  await selected(3);
  await lookAt(page, 'selection');
});

test('and by keyboard alone', async () => {
  await list().focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+ArrowDown');
  await selected(2);
  await page.keyboard.press('Control+ArrowDown');
  await page.keyboard.press('Space');
  await selected(3);
  await page.keyboard.press('Control+a');
  await selected(6);
  await page.keyboard.press('Escape');
  // The letter finds a name, Enter opens, and the way back is the browser's.
  await page.keyboard.press('r');
  await page.keyboard.press('Enter');
  await heading('Reports');
  await page.goBack();
  await item('alpha.txt').waitFor();
});

test('the menu of a row moves by a tree', async () => {
  await item('delta.txt').click({ ...beside, button: 'right' });
  await lookAt(page, 'menu');
  await entry('Move to…').click();
  await dialog().getByRole('treeitem', { name: 'Reports' }).getByText('Reports').click();
  await lookAt(page, 'move');
  await dialog().getByRole('button', { name: 'Move here' }).click();
  await isGone('delta.txt');
});

test('copies are made by keys', async () => {
  await item('alpha.txt').click(beside);
  await page.keyboard.press('Control+c');
  await item('Reports').dblclick(beside);
  await heading('Reports');
  await item('delta.txt').click(beside);
  await page.keyboard.press('Control+v');
  await item('alpha.txt').waitFor();
});

test('one file is downloaded as it is, several as an archive', async () => {
  await item('alpha.txt').click({ ...beside, button: 'right' });
  const [file] = await Promise.all([page.waitForEvent('download'), entry('Download').click()]);
  assert.equal(file.suggestedFilename(), 'alpha.txt');
  await list().focus();
  await page.keyboard.press('Control+a');
  const toolbar = page.getByRole('toolbar');
  const [archive] = await Promise.all([
    page.waitForEvent('download'),
    toolbar.getByRole('button', { name: 'Download' }).click(),
  ]);
  assert.equal(archive.suggestedFilename(), 'Reports.zip');
});

test('what is deleted can be undone, and waits in the trash', async () => {
  await page.goto('/');
  await item('alpha.txt').click(beside);
  await page.keyboard.press('Delete');
  await isGone('alpha.txt');
  await button('Undo').click();
  await item('alpha.txt').click(beside);
  await page.keyboard.press('Delete');
  await isGone('alpha.txt');
  await page.getByRole('link', { name: 'Trash' }).click();
  await heading('Trash');
  await item('alpha.txt').waitFor();
  await lookAt(page, 'trash');
  await item('alpha.txt').click(beside);
  await button('Restore').click();
  await page.getByText('The trash is empty').waitFor();
  await page.goto('/');
  await item('alpha.txt').waitFor();
});

test('deleting for good asks first', async () => {
  await item('gamma.txt').dragTo(page.getByRole('link', { name: 'Trash' }));
  await isGone('gamma.txt');
  await page.getByRole('link', { name: 'Trash' }).click();
  await item('gamma.txt').click(beside);
  await page.keyboard.press('Delete');
  await dialog().getByText('gamma.txt is deleted for good').waitFor();
  await lookAt(page, 'purge');
  await dialog().getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('The trash is empty').waitFor();
});

test('a change that fails is taken back and said', async () => {
  await page.goto('/');
  await item('alpha.txt').click(beside);
  await page.route('**/batch/delete', (route) =>
    route.fulfill({ status: 500, json: { code: 1, msg: 'no luck today' } }),
  );
  await page.keyboard.press('Delete');
  await page.getByText('no luck today').waitFor();
  await item('alpha.txt').waitFor();
  await page.unroute('**/batch/delete');
});

test('Ctrl+K finds a folder and goes there', async () => {
  await page.keyboard.press('Control+k');
  await dialog().getByRole('combobox').fill('repo');
  await dialog().getByRole('option', { name: 'Reports' }).waitFor();
  await lookAt(page, 'search dialog');
  await page.keyboard.press('Enter');
  await heading('Reports');
});

test('the search page filters by kind and says where things are', async () => {
  await page.keyboard.press('Control+k');
  await dialog().getByRole('combobox').fill('a');
  await dialog().getByRole('option', { name: 'All results' }).click();
  await heading('Search in My drive');
  await item('delta.txt').getByRole('link', { name: 'Reports' }).waitFor();
  await lookAt(page, 'search');
  await button('Filters').click();
  await page.getByRole('combobox', { name: 'Type' }).click();
  await page.getByRole('option', { name: 'Picture' }).click();
  await page.getByLabel('Search for').fill('sun');
  await page.waitForURL(/q=sun/);
  await page.getByText('1 item found').waitFor();
  await item('sunset.png').waitFor();
  await lookAt(page, 'search filters');
});

test('tiles show pictures, and the choice is kept', async () => {
  await page.goto('/');
  await button('Show as tiles').click();
  await item('sunset.png').locator('img').waitFor();
  await lookAt(page, 'tiles');
  await page.reload();
  await item('sunset.png').locator('img').waitFor();
  await list().focus();
  await page.keyboard.press('End');
  await page.locator('[data-focus]', { has: page.getByTitle('sunset.png') }).waitFor();
  await button('Show as a list').click();
});

test('details have versions that can be restored', async () => {
  const { files } = await api.get('/folders?file_limit=100');
  const { id } = files.find(({ name }) => name === 'alpha.txt');
  await replace(id, 'This is newer');
  await page.goto('/');
  await item('alpha.txt').click(beside);
  await button('Details').click();
  const aside = page.getByRole('complementary', { name: 'Details' });
  await aside.getByText('13 B', { exact: true }).waitFor();
  await lookAt(page, 'details');
  await aside.getByRole('button', { name: /^Restore the version of/ }).click();
  await aside.getByText('17 B', { exact: true }).first().waitFor();
});

test('a lock is shown and opened again', async () => {
  await item('alpha.txt').click({ ...beside, button: 'right' });
  await entry('Lock').click();
  await item('alpha.txt').getByRole('img', { name: 'Locked' }).waitFor();
  await item('alpha.txt').click({ ...beside, button: 'right' });
  await entry('Unlock').click();
  await item('alpha.txt').getByRole('img', { name: 'Locked' }).waitFor({ state: 'detached' });
});

test('a long folder is loaded as somebody looks', async () => {
  const { id } = await api.post('/folders', { name: 'Many', parent_id: null });
  await manyFiles(api, id, LONG);
  await page.goto(`/drive/folder/${id}`);
  await item('sheet 00001.txt').waitFor();
  assert.equal(await list().getAttribute('aria-rowcount'), `${LONG + 1}`);
  assert.ok((await page.locator('[data-index]').count()) < 60, 'only what is in sight is in the page');
  await list().focus();
  await page.keyboard.press('End');
  await item(`sheet 00${LONG}.txt`).waitFor();
  await page.keyboard.press('Control+a');
  await selected(LONG);
});

test('other tabs see a change at once', async () => {
  await page.goto('/');
  await item('Many').waitFor();
  const other = await page.context().newPage();
  await other.goto('/');
  await other.locator('[data-index]').first().waitFor();
  await newFolder('From the first tab');
  await other.getByTitle('From the first tab').first().waitFor();
  await other.close();
});

test('a team is made, somebody is added, and both see its files', async () => {
  await page.getByRole('link', { name: 'Teams', exact: true }).click();
  await page.getByText('You are in no team yet').waitFor();
  await lookAt(page, 'no teams');
  await button('New team').click();
  await dialog().getByLabel('Name').fill('Garden');
  await lookAt(page, 'new team');
  await dialog().getByRole('button', { name: 'Create the team' }).click();
  await heading('Garden');
  await page.getByLabel('User name or mail address').fill('nobody-here');
  await button('Add').click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('User name or mail address').fill(COLLEAGUE.email);
  await button('Add').click();
  await page.getByRole('cell', { name: COLLEAGUE.username, exact: true }).waitFor();
  await lookAt(page, 'team');
  await page.getByRole('link', { name: 'To the files' }).click();
  await newFolder('Seeds');
  await item('Seeds').waitFor();
  const context = await stage.context();
  const theirs = await context.newPage();
  await signIn(theirs, COLLEAGUE);
  await theirs.getByRole('treeitem', { name: 'Garden' }).getByText('Garden').click();
  await theirs.getByRole('heading', { name: 'Garden', level: 1 }).waitFor();
  await theirs.locator('[data-index]', { hasText: 'Seeds' }).waitFor();
  assert.equal(await theirs.getByText('alpha.txt').count(), 0);
  await context.close();
});

test('the tree in the sidebar opens by keyboard', async () => {
  const tree = page.getByRole('tree', { name: 'Folders' });
  await tree.getByRole('treeitem', { name: 'Garden' }).focus();
  await page.keyboard.press('ArrowRight');
  await tree.getByRole('treeitem', { name: 'Seeds' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await heading('Seeds');
  await lookAt(page, 'folder of a team');
});

test('every page of the drive is accessible, light and dark, wide and narrow', async () => {
  const team = (await api.get('/teams')).items[0].id;
  const places = ['/', '/drive/trash', '/drive/search?q=a', '/teams', `/teams/${team}`, `/teams/${team}/trash`];
  places.push(`/teams/${team}/manage`, `/teams/${team}/search?kind=folder`, '/drive/folder/999999');
  for (const scheme of ['light', 'dark']) {
    await page.evaluate((value) => localStorage.setItem('aster-color-scheme', value), scheme);
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 900 });
      for (const place of places) {
        await page.goto(place);
        await page.locator('h1').waitFor();
        await page.waitForLoadState('networkidle');
        await lookAt(page, `${place} ${scheme} ${width}`);
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(wide, 0, `${place} is wider than ${width} px`);
      }
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('the drive speaks Chinese', async () => {
  await page.goto('/');
  await button('Language').click();
  await page.getByRole('menuitem', { name: '中文' }).click();
  await page.getByRole('heading', { name: '我的网盘', level: 1 }).waitFor();
  await button('新建').click();
  await entry('新建文件夹').waitFor();
});

test('axe found no violation on any of these pages', () => {
  assert.equal(violations.length, 0, violations.join('\n\n'));
});

test('nothing was logged as an error and nobody else was asked', () => {
  assert.deepEqual(problems, []);
});

/** Replaces the content of a file, as an editor would. */
async function replace(id, text) {
  await page.evaluate(
    async ([file, body]) => {
      const csrf = /aster_csrf=([^;]+)/.exec(document.cookie)?.[1];
      const reply = await fetch(`/api/v1/files/${file}/content`, {
        method: 'PUT',
        headers: { 'x-csrf-token': csrf },
        body,
      });
      if (!reply.ok) throw new Error(`${reply.status}`);
    },
    [id, text],
  );
}
