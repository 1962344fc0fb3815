// From an empty server to a follower in service, by hand in a browser; then everything that an administrator sees.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { lookAt, violations } from './support/axe.mjs';
import { becomes } from './support/becomes.mjs';
import { ADMIN, Stage, watch } from './support/stage.mjs';
import { story } from './support/story.mjs';

let stage;
let page;
let follower;
let problems;
const test = story(() => page);

const button = (name) => page.getByRole('button', { name, exact: true });
const heading = (name) => page.getByRole('heading', { name }).waitFor();
const badge = (text) => page.getByText(text, { exact: true }).first().waitFor();
const step = (title) => page.locator('h2', { hasText: title }).first().waitFor();

before(async () => {
  stage = await Stage.open();
  follower = await stage.instance('follower');
  const context = await stage.context({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  problems = watch(page, () => [stage.primary.url, follower.url]);
});

after(() => stage?.close());

test('a new server leads to its setup and answers mistakes beside the fields', async () => {
  await page.goto('/admin/overview');
  await heading('Welcome');
  await lookAt(page, 'setup');
  await page.getByLabel('User name').fill('me');
  await page.getByLabel('Mail address').fill(ADMIN.email);
  await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await page.getByLabel('Password once more').fill('something else');
  await button('Create the account').click();
  await page.getByText('The two passwords differ').waitFor();
  await page.getByLabel('User name').fill(ADMIN.username);
  await page.getByLabel('Password once more').fill(ADMIN.password);
  await button('Create the account').click();
});

test('files are compressed, kept for ever under names of their content, and the page never is', async () => {
  const accept = { accept: 'text/html', 'accept-encoding': 'br' };
  const home = await fetch(stage.primary.url, { headers: accept });
  assert.equal(home.headers.get('cache-control'), 'no-store');
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await home.text())?.[1];
  const file = await fetch(stage.primary.url + script, { headers: accept });
  assert.equal(file.headers.get('content-encoding'), 'br');
  assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.match(file.headers.get('content-type'), /javascript/);
});

test('the guided path knows the address, tests the storage and leads to the first follower', async () => {
  await heading('Three things, then it is ready');
  await becomes(() => page.getByLabel('Public site URL').inputValue(), stage.primary.url);
  await lookAt(page, 'welcome');
  await button('Continue').click();
  await button('Test Local Default').click();
  await badge('Passed');
  await button('Continue').click();
  await page.getByRole('link', { name: 'Add a follower' }).click();
});

test('the wizard takes a name and can be left before there is an address', async () => {
  await heading('Add a follower');
  await lookAt(page, 'new node');
  await button('Continue').click();
  await page.getByText('Give it a name').waitFor();
  await page.getByLabel('Name', { exact: false }).first().fill('Attic NAS');
  await button('Continue').click();
  await step('Address');
  await lookAt(page, 'address step');
  await page.getByLabel('Base URL').fill('follower.example.com');
  await button('Continue').click();
  await page.getByText('Enter an address that begins with http').waitFor();
  await button('None yet').click();
  await step('Enroll');
});

test('whoever comes back after a reload goes on where the server is', async () => {
  await page.goto('/admin/remote-nodes');
  await badge('Waits for its follower');
  await lookAt(page, 'nodes');
  await page.getByRole('link', { name: 'Attic NAS' }).click();
  await step('Enroll');
  // Another page load: the token of before cannot be shown again.
  await page.reload();
  await page.getByText('A token was made for this node, but not in this tab').waitFor();
  await button('Make a new token').click();
});

test('the copied command enrolls a follower, and the page sees it by itself', async () => {
  await page.getByText(/left$/).waitFor();
  await lookAt(page, 'enroll step');
  await page.getByText('Command', { exact: true }).click();
  await button('Copy: Enroll').click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const command = await becomes(copied, /^aster_drive node enroll --master-url \S+ --token enr_\w+$/);
  await stage.runCommand(follower, command);
  // Enrolled without an address: the one thing that is missing now.
  await step('Address');
  await follower.start({});
  await follower.ready();
});

test('an address where nobody listens is explained, the right one passes the test', async () => {
  await page.getByLabel('Base URL').fill('http://127.0.0.1:9');
  await button('Continue').click();
  await step('Test the connection');
  await page.getByText('Nothing listens there').waitFor();
  await lookAt(page, 'failed test');
  await page.getByRole('button', { name: /^Address/ }).click();
  await page.getByLabel('Base URL').fill(follower.url);
  const read = page.waitForResponse(
    (reply) => reply.request().method() === 'GET' && /\/remote-nodes\/\d+$/.test(reply.url()),
  );
  await button('Continue').click();
  // The server goes on trying to reach the follower: it may know by itself that only a target is missing now.
  const { diagnosis } = (await (await read).json()).data;
  if (diagnosis.class !== 'ingress_target_missing') await button('Test the connection').click();
  await page.getByText('The connection works').waitFor();
  const capabilities = page.getByTestId('capabilities');
  await capabilities.getByText('The primary reaches the follower').waitFor();
  assert.equal(await capabilities.locator('[data-tone=bad]').count(), 0);
});

test('the default target, the policy and the group follow in the same flow', async () => {
  await step('Ingress target');
  await lookAt(page, 'target step');
  await button('Create the target').click();
  await step('Storage policy');
  await lookAt(page, 'policy step');
  await button('Create the policy').click();
  await step('Policy group');
  await lookAt(page, 'group step');
  await button('Create the group').click();
  await step('First user');
  await lookAt(page, 'user step');
  await page.getByRole('combobox', { name: 'User' }).click();
  await page.getByRole('option', { name: ADMIN.username }).click();
  await button('Give the group').click();
  await step('Attic NAS is in service');
  await lookAt(page, 'done step');
});

test('this very browser writes and reads at the follower', async () => {
  await page.getByRole('link', { name: 'To the node' }).click();
  await badge('Healthy');
  await badge('Applied');
  await button('Test from this browser').click();
  const outcome = page.getByTestId('browser-outcome');
  await outcome.waitFor();
  // The page was loaded before the follower had its address.
  if (await page.getByRole('button', { name: 'Reload the page' }).isVisible()) {
    const loaded = page.waitForEvent('load');
    await page.getByRole('button', { name: 'Reload the page' }).click();
    await loaded;
    await button('Test from this browser').click();
  }
  await page.getByText('This browser writes and reads at the follower').waitFor();
  await lookAt(page, 'node');
});

test('disabling asks first, says why in the state, and comes back', async () => {
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await page.getByRole('dialog').waitFor();
  await lookAt(page, 'confirmation');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await badge('Disabled');
  await page.getByText('No object goes there and none is read from there').waitFor();
  await button('More').click();
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await badge('Healthy');
});

test('the rule editor says where a size goes, and warns before unsaved changes are left', async () => {
  await page.goto('/admin/policy-groups/new');
  await page.getByLabel('Name', { exact: false }).first().fill('By size');
  await button('Add a rule').click();
  await page.getByLabel('Below (exclusive)').first().fill('10 MiB');
  const outcome = page.getByTestId('probe-outcome');
  await page.getByLabel('Size of the file').fill('9 MiB');
  await outcome.filter({ hasText: '9 MiB goes to Local Default' }).waitFor();
  await page.getByLabel('Size of the file').fill('10 MiB');
  await outcome.filter({ hasText: '10 MiB goes to Attic NAS' }).waitFor();
  await lookAt(page, 'group editor');
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByText('Leave without saving?').waitFor();
  await button('Stay').click();
  await button('Create the group').click();
  await heading('By size');
});

test('every page of the console is accessible, light and dark', async () => {
  const places = ['/', '/admin/overview', '/admin/remote-nodes', '/admin/policies', '/admin/policies/new'];
  places.push('/admin/policies/1', '/admin/policy-groups', '/admin/policy-groups/1', '/admin/users');
  places.push('/admin/users/1', '/admin/settings', '/admin/audit', '/nowhere');
  for (const scheme of ['light', 'dark']) {
    await page.evaluate((value) => localStorage.setItem('aster-color-scheme', value), scheme);
    for (const place of places) {
      await page.goto(place);
      await page.locator('h1').waitFor();
      await page.waitForLoadState('networkidle');
      await lookAt(page, `${place} ${scheme}`);
    }
  }
});

test('settings are saved together and refused beside the field they are about', async () => {
  await page.goto('/admin/settings');
  await page.getByLabel('Public site URL, entry 1').fill('not an address');
  await page.getByText('1 unsaved change').waitFor();
  await page.keyboard.press('Control+s');
  await page.getByText(/is not an origin/).waitFor();
  await button('Discard changes').click();
  await page.getByLabel('Test nodes every').fill('60');
  await button('Save').click();
  await page.getByText('The settings are saved').waitFor();
});

test('the whole console speaks Chinese', async () => {
  await button('Language').click();
  await page.getByRole('menuitem', { name: '中文' }).click();
  await heading('设置');
  await page.goto('/admin/remote-nodes');
  await heading('从节点');
  await badge('正常');
  await lookAt(page, 'nodes in Chinese');
  await button('语言').click();
  await page.getByRole('menuitem', { name: 'English' }).click();
  await heading('Follower nodes');
});

test('a login that ended is renewed in place, and nothing on the page is lost', async () => {
  await page.goto('/admin/policies/new');
  await page.getByLabel('Name', { exact: false }).first().fill('Half written');
  // What the page reads when it is opened would notice the end before the button does.
  await page.waitForLoadState('networkidle');
  await page.context().clearCookies();
  await button('Test before creating').click();
  await page.getByText('Your login has ended').waitFor();
  await lookAt(page, 'ended login');
  await page.getByRole('dialog').getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Your login has ended').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Name', { exact: false }).first().inputValue(), 'Half written');
  await page.getByLabel('Name', { exact: false }).first().fill('');
});

test('signing out in one tab signs out the other, and signing in returns to the page', async () => {
  await page.goto('/admin/audit?action=create');
  // Before that, the page does not know yet who is signed in.
  await heading('Audit trail');
  const other = await page.context().newPage();
  await other.goto('/');
  await other.getByRole('button', { name: /^Account of/ }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/login**');
  await page.goto('/admin/audit?action=create');
  await heading('Sign in');
  await lookAt(page, 'login');
  await page.getByLabel('User name or mail address').fill(ADMIN.username);
  await page.getByLabel('Password *', { exact: true }).fill('wrong password');
  await button('Sign in').click();
  await page.getByText('That did not match').waitFor();
  await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await button('Sign in').click();
  await page.waitForURL('**/admin/audit?action=create');
  await heading('Audit trail');
  await other.close();
});

test('a server that is away is said above the page, which goes on by itself when it is back', async () => {
  await page.goto('/admin/users');
  await heading('Users');
  await page.context().setOffline(true);
  await page.getByText('No connection to the server').waitFor();
  await lookAt(page, 'offline');
  await page.context().setOffline(false);
  await page.getByText('No connection to the server').waitFor({ state: 'detached' });
});

test('axe found no violation on any of these pages', () => {
  assert.equal(violations.length, 0, violations.join('\n\n'));
});

test('nothing was logged as an error and nobody else was asked', () => {
  assert.deepEqual(problems, []);
});
