// What administrators do day by day, and everybody with the own account, on a drive that is in use.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before } from 'node:test';

import { Api } from '../../scripts/run/api.mjs';
import { lookAt, violations } from './support/axe.mjs';
import { becomes } from './support/becomes.mjs';
import { upload } from './support/files.mjs';
import { furnish } from './support/furnish.mjs';
import { ADMIN, Stage, watch } from './support/stage.mjs';
import { story } from './support/story.mjs';

const MIB = 1024 * 1024;
/** What has this many bytes and more goes to the follower. */
const BORDER = MIB;

let stage;
let drive;
let page;
let problems;
const test = story(() => page);

const button = (name) => page.getByRole('button', { name, exact: true });
const copied = () => page.evaluate(() => navigator.clipboard.readText());
const heading = (name) => page.getByRole('heading', { name }).first().waitFor();
const text = (words) => page.getByText(words).filter({ visible: true }).first();
const dialog = () => page.getByRole('dialog');
const row = (words) => page.getByRole('row').filter({ hasText: words });

async function choose(label, option, place = page) {
  await place.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option }).click();
}

async function signIn(on, name = ADMIN.username, password = ADMIN.password) {
  await on.goto('/login');
  await on.getByLabel('User name or mail address').fill(name);
  await on.getByLabel('Password *', { exact: true }).fill(password);
  await on.getByRole('button', { name: 'Sign in' }).click();
  await on.waitForURL((url) => url.pathname !== '/login');
}

before(async () => {
  stage = await Stage.open();
  drive = await furnish(stage, BORDER);
  const context = await stage.context({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  problems = watch(page, () => [stage.primary.url, drive.follower.url]);
  await signIn(page);
});

after(() => stage?.close());

test('sizes are routed as the rules say, and the overview shows where the bytes went', async () => {
  await page.goto(`/admin/policy-groups/${drive.group}`);
  await heading('By size');
  await page.getByLabel('Size of the file').fill('1 MiB');
  await choose('For a user', 'bertram');
  const outcome = page.getByTestId('probe-outcome');
  await outcome.getByText('1 MiB goes to Attic').waitFor();
  await page.getByLabel('Size of the file').fill('1048575');
  await outcome.getByText('goes to Local Default').waitFor();
  await choose('For a user', 'anna');
  await text('This user is in another group: Default Policy Group').waitFor();
  await lookAt(page, 'rule probe for a user');

  const api = new Api(stage.primary.url);
  await api.login('bertram', ADMIN.password);
  await upload(api, 'film.mkv', randomBytes(2 * MIB));
  await page.goto('/admin/overview');
  await text('2 MiB in 1 object').waitFor();
  await page.getByRole('link', { name: 'Users: 4', exact: true }).waitFor();
  await page.getByText('Events', { exact: true }).click();
  await lookAt(page, 'overview');
});

test('disabling a node says first what it touches, then why it is not used', async () => {
  await page.goto(`/admin/remote-nodes/${drive.node}`);
  await heading('Attic NAS');
  await text('2 MiB in 1 object').waitFor();
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  const impact = dialog().getByTestId('impact');
  await impact.getByText('Storage policy: Attic').waitFor();
  await impact.getByText('Policy group with a rule for it: By size').waitFor();
  await impact.getByText('2 users whose uploads may go there').waitFor();
  await impact.getByText('This group then refuses some sizes: By size').waitFor();
  await lookAt(page, 'impact of disabling');
  await dialog().getByRole('button', { name: 'Disable' }).click();
  await text('No object goes there and none is read from there until you enable it.').waitFor();

  await page.goto(`/admin/policy-groups/${drive.group}`);
  await page.getByLabel('Size of the file').fill('3 MiB');
  await choose('For a user', 'bertram');
  await text('No rule takes 3 MiB').waitFor();
  await text('Attic · is passed over, its node is disabled').waitFor();
  await page.goto(`/admin/remote-nodes/${drive.node}`);
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await text('The follower answers and takes objects.').waitFor();
});

test('keys are rotated beside the running follower', async () => {
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Rotate the keys' }).click();
  await dialog().getByRole('button', { name: 'Make a token' }).click();
  await dialog().getByRole('button', { name: 'Copy: Enroll' }).click();
  const command = await becomes(copied, /^aster_drive node enroll /);
  await lookAt(page, 'rotate keys');
  await stage.runCommand(drive.follower, command);
  // The running follower takes the new keys a moment after the command has ended.
  const tested = () => drive.api.post(`/admin/remote-nodes/${drive.node}/test`).then(() => 'well', String);
  await becomes(tested, 'well');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await button('Test the connection').click();
  await text('The connection test passed').waitFor();
});

test('a policy that is used says by whom before it would be deleted', async () => {
  await page.goto('/admin/policies/1');
  await heading('Local Default');
  await button('Delete').click();
  await dialog().getByTestId('impact').getByText('3 stored objects').waitFor();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await button('Test Local Default').click();
  await text('A small object was written, read back and deleted.').waitFor();
});

test('stored files move to another policy after a look at what would happen', async () => {
  await page.getByRole('link', { name: 'Move them to another policy' }).click();
  await choose('To', /^Attic/);
  await button('Check what would happen').click();
  const report = page.getByTestId('dry-run');
  await report.getByText('3 objects with').waitFor();
  await report.getByText('Source and target answer; it can begin').waitFor();
  await lookAt(page, 'dry run');
  await button('Start the migration').click();
  await heading('Storage migration');
  await text('It came to a good end.').waitFor();
  await page.getByText('"moved_blobs": 3').waitFor();
  await lookAt(page, 'task');
  await page.getByRole('link', { name: 'Tasks', exact: true }).first().click();
  await row('Storage migration').getByText('Done').waitFor();
  await choose('State', 'Failed');
  await text('No task').waitFor();
  await page.goto('/admin/tasks');
  await button('Remove ended tasks').click();
  await dialog().getByRole('button', { name: 'Remove ended tasks' }).click();
  await row('Storage migration').waitFor({ state: 'detached' });
});

test('a team is made, changed in step with another tab, archived and restored', async () => {
  await page.goto('/admin/teams');
  await button('New team').click();
  await dialog().getByRole('button', { name: 'Create the team' }).click();
  await dialog().getByText('Give it a name').waitFor();
  await dialog().getByLabel('Name', { exact: false }).first().fill('Choir');
  await dialog().getByLabel('First owner').fill('nobody-here');
  await dialog().getByRole('button', { name: 'Create the team' }).click();
  await dialog().getByText('nobody-here').waitFor();
  await dialog().getByLabel('First owner').fill('anna');
  await dialog().getByLabel('Quota').fill('5 GiB');
  await lookAt(page, 'new team');
  await dialog().getByRole('button', { name: 'Create the team' }).click();
  await heading('Choir');

  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole('heading', { name: 'Choir' }).waitFor();
  await page.getByLabel('Add somebody').fill('chen-li@example.com');
  await button('Add').click();
  await page.getByTestId('members').getByText('chen-li').waitFor();
  await other.getByTestId('members').getByText('chen-li').waitFor();
  await choose('Role of chen-li', 'Administrator');
  await other.getByRole('combobox', { name: 'Role of chen-li' }).and(other.locator('[value=Administrator]')).waitFor();
  await other.close();

  await button('Remove anna from the team').click();
  await dialog().getByRole('button', { name: 'Remove from the team' }).click();
  await text('is the last owner of this team').waitFor();
  await button('Archive').click();
  await dialog().getByText('2 members lose access').waitFor();
  await dialog().getByRole('button', { name: 'Archive' }).click();
  await text('This team is closed').waitFor();
  await lookAt(page, 'archived team');
  await button('Restore the team').click();
  await text('The team is open again').waitFor();
});

test('every share is listed without its link, and can be ended', async () => {
  await page.goto('/admin/shares');
  await row('harvest.jpg').getByText('with a password').waitFor();
  await choose('Shared by', 'anna');
  await text('Nothing is shared').waitFor();
  await page.goto('/admin/shares');
  await button('Revoke the share of harvest.jpg').click();
  await dialog().getByRole('button', { name: 'Revoke' }).click();
  await row('harvest.jpg').waitFor({ state: 'detached' });
  await row('garden plan.pdf').waitFor();
});

test('users are found, get a password, and lose their logins', async () => {
  await page.goto('/admin/users');
  await page.getByLabel('Search by name or mail').fill('CHEN');
  await row('bertram').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'chen-li' }).click();
  await heading('chen-li');
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Set a password' }).click();
  await dialog().getByLabel('Password *', { exact: true }).fill('another horse battery');
  await dialog().getByRole('button', { name: 'Set a password' }).click();
  await text('The password is set').waitFor();
  await new Api(stage.primary.url).login('chen-li', 'another horse battery');
  await button('More').click();
  await page.getByRole('menuitem', { name: 'End all logins' }).click();
  await dialog().getByRole('button', { name: 'End all logins' }).click();
  await text('Ended: 1 logins').waitFor();
});

test('a setting shows its default and bounds, and goes back to it', async () => {
  await page.goto('/admin/settings');
  await page.getByLabel('Search the settings').fill('trash');
  const field = page.locator('[data-setting=trash_retention_days]');
  await field.getByText('Default: 7 days · from 0 days to 3650 days').waitFor();
  await page.getByLabel('Keep the trash for (days)').fill('30');
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.getByText('Leave without saving?').waitFor();
  await button('Stay').click();
  await button('Save').click();
  await text('The settings are saved').waitFor();
  await button('Reset to the default: Keep the trash for').click();
  await text('1 unsaved change').waitFor();
  await button('Save').click();
  await text('1 unsaved change').waitFor({ state: 'detached' });
  assert.equal((await drive.api.get('/admin/config/trash_retention_days')).source, 'default');
});

test('the audit trail is narrowed down by what, who and when', async () => {
  await page.goto('/admin/audit');
  const created = row('Choir').filter({ hasText: 'Created' });
  await created.waitFor();
  await choose('Action', 'Archived');
  await created.waitFor({ state: 'detached' });
  await row('Choir').filter({ hasText: 'Archived' }).waitFor();
  assert.equal(await row('Choir').count(), 1);
  await page.getByLabel('Until', { exact: true }).fill('2020-01-01');
  await text('Nothing recorded').waitFor();
  await button('Clear the filters').click();
  await created.waitFor();
  assert.equal(new URL(page.url()).search, '');
});

test('a token is shown once, works for what it may, and ends when it is revoked', async () => {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Your account' }).click();
  await page.getByRole('link', { name: 'API tokens' }).click();
  await button('New token').click();
  await dialog().getByLabel('Name', { exact: false }).first().fill('Backup script');
  await lookAt(page, 'new token');
  await dialog().getByRole('button', { name: 'Make the token' }).click();
  await button('Copy: Token').click();
  const token = await becomes(copied, /^adt_/);
  await lookAt(page, 'token');
  const call = async (method) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = method === 'PATCH' ? '{"language":"en"}' : undefined;
    return (await fetch(`${stage.primary.url}/api/v1/auth/preferences`, { method, headers, body })).status;
  };
  assert.deepEqual([await call('GET'), await call('PATCH')], [200, 403]);
  await page.reload();
  await row('Backup script').getByText('Read only').waitFor();
  assert.equal(await page.getByText(token).count(), 0);
  await button('Revoke the token Backup script').click();
  await dialog().getByRole('button', { name: 'Revoke' }).click();
  await text('No token yet').waitFor();
  assert.equal(await call('GET'), 401);
});

test('a new password ends the other logins, and another device can be ended alone', async () => {
  const elsewhere = await stage.context();
  const theirs = await elsewhere.newPage();
  await signIn(theirs, 'anna');
  const mine = await (await stage.context()).newPage();
  await signIn(mine, 'anna');
  await mine.goto('/account/security');
  await mine.getByTestId('devices').getByText('This one').waitFor();
  await mine
    .getByRole('button', { name: /^End the login/ })
    .first()
    .click();
  await mine.getByRole('button', { name: /^End the login/ }).waitFor({ state: 'detached' });
  await theirs.goto('/account/profile');
  await theirs.waitForURL('**/login?next=%2Faccount%2Fprofile');

  await mine.getByLabel('Present password').fill('not this one');
  await mine.getByLabel('New password *', { exact: true }).fill('an entirely new one');
  await mine.getByLabel('New password once more').fill('an entirely new one');
  await mine.getByRole('button', { name: 'Change the password' }).click();
  await mine.getByRole('alert').or(mine.locator('.mantine-InputWrapper-error')).first().waitFor();
  await mine.getByLabel('Present password').fill(ADMIN.password);
  await mine.getByRole('button', { name: 'Change the password' }).click();
  await mine.getByText('The password is changed').waitFor();
  await signIn(theirs, 'anna', 'an entirely new one');
  await elsewhere.close();
  await mine.context().close();
});

test('language and look are kept with the account and come along to another browser', async () => {
  await page.goto('/account/profile');
  await choose('Language', '中文');
  await heading('您的账户');
  await page.getByText('深色', { exact: true }).click();
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'dark');
  await lookAt(page, 'profile in Chinese');
  const fresh = await (await stage.context()).newPage();
  await signIn(fresh);
  await fresh.waitForFunction(
    () => document.documentElement.lang === 'zh-Hans' && document.documentElement.dataset.mantineColorScheme === 'dark',
  );
  await fresh.context().close();
});

test('every page is accessible and fits on a phone, light and dark, in both languages', async () => {
  const places = ['overview', 'teams', `teams/${drive.team}`, 'shares', 'tasks', 'tasks/migrate', 'settings', 'audit'];
  places.push('users', `users/${drive.people.bertram}`, `policies/${drive.remote}`, `policy-groups/${drive.group}`);
  places.push(`remote-nodes/${drive.node}`);
  const paths = places.map((place) => `/admin/${place}`);
  paths.push('/account/profile', '/account/security', '/account/tokens');
  for (const [language, scheme] of [
    ['zh', 'dark'],
    ['en', 'light'],
  ]) {
    await drive.api.patch('/auth/preferences', { language, theme: scheme });
    await page.evaluate((value) => localStorage.setItem('aster-language', value), language);
    await page.evaluate((value) => localStorage.setItem('aster-color-scheme', value), scheme);
    for (const path of paths) {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(path);
      await page.locator('h1').waitFor();
      await page.waitForLoadState('networkidle');
      await lookAt(page, `${path} ${language} ${scheme}`);
      if (path === '/admin/settings') assert.equal(await page.locator('[data-setting] [lang=en]').count(), 0);
      await page.setViewportSize({ width: 360, height: 780 });
      const fits = page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
      await fits.catch(() => assert.fail(`${path} is wider than a phone`));
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('axe found no violation on any of these pages', () => {
  assert.equal(violations.length, 0, violations.join('\n\n'));
});

test('nothing was logged as an error and nobody else was asked', () => {
  assert.deepEqual(problems, []);
});
