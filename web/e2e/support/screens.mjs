import { sharingScreens } from './sharing-scenes.mjs';

const item = (page, name) => page.locator('[data-index]').filter({ has: page.getByTitle(name, { exact: true }) });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/**
 * The pages that pictures are made of: name and path; `docs` for the main screens that the repository shows, `stranger`
 * for those without a sign-in, `act` for what has to be done on a page first, and `undo` for what has to be undone
 * afterwards. Takes what `furnish`, `furnishDrive` and `furnishSharing` give, and the token of a shared folder.
 */
export function screens(has) {
  return [...forStrangers(has), ...ofTheDrive(has), ...ofTheConsole(has), ...ofTheAccount(), ...sharingScreens(has)];
}

function forStrangers({ album }) {
  return [
    { name: 'login', path: '/login', stranger: true },
    { name: 'shared', path: `/s/${album}`, stranger: true, docs: true },
  ];
}

function ofTheDrive({ folder, garden }) {
  return [
    { name: 'drive', path: '/', docs: true },
    { name: 'drive-tiles', path: '/', act: showTiles, undo: (page) => press(page, 'Show as a list') },
    { name: 'drive-menu', path: '/', act: (page) => item(page, 'Budget 2026.csv').getByRole('button').click() },
    { name: 'drive-details', path: '/', docs: true, act: showDetails },
    { name: 'drive-selection', path: '/', act: select },
    { name: 'drive-preview', path: '/', docs: true, act: preview },
    { name: 'drive-search', path: '/drive/search?q=e' },
    { name: 'drive-find', path: '/', act: find },
    { name: 'drive-move', path: '/', act: move },
    { name: 'drive-folder', path: `/drive/folder/${folder}` },
    { name: 'drive-trash', path: '/drive/trash' },
    { name: 'drive-teams', path: '/teams' },
    { name: 'drive-team', path: `/teams/${garden}/manage` },
    { name: 'drive-nav', path: '/', act: showMenu },
  ];
}

function ofTheConsole({ node, fresh, group, team, people }) {
  return [
    { name: 'overview', path: '/admin/overview', docs: true },
    { name: 'nodes', path: '/admin/remote-nodes', docs: true },
    { name: 'node-new', path: '/admin/remote-nodes/new' },
    { name: 'node', path: `/admin/remote-nodes/${node}`, docs: true },
    { name: 'node-enroll', path: `/admin/remote-nodes/${fresh}/setup`, docs: true, act: makeToken },
    { name: 'policies', path: '/admin/policies' },
    { name: 'policy', path: '/admin/policies/new' },
    { name: 'groups', path: '/admin/policy-groups' },
    { name: 'group', path: `/admin/policy-groups/${group}`, docs: true },
    { name: 'users', path: '/admin/users' },
    { name: 'user', path: `/admin/users/${people.bertram}` },
    { name: 'teams', path: '/admin/teams' },
    { name: 'team', path: `/admin/teams/${team}` },
    { name: 'shares', path: '/admin/shares' },
    { name: 'tasks', path: '/admin/tasks' },
    { name: 'migrate', path: '/admin/tasks/migrate', act: dryRun },
    { name: 'settings', path: '/admin/settings', docs: true },
    { name: 'audit', path: '/admin/audit' },
  ];
}

const ofTheAccount = () =>
  ['profile', 'security', 'tokens', 'webdav'].map((name) => ({ name, path: `/account/${name}` }));

async function showTiles(page) {
  await press(page, 'Show as tiles');
  await item(page, 'Beach 1.png').locator('img').waitFor();
}

async function showDetails(page) {
  await item(page, 'Beach 1.png').getByRole('checkbox').click();
  await press(page, 'Details');
  await page.getByText('image/png').waitFor();
}

async function select(page) {
  for (const name of ['Music', 'Photos', 'Beach 2.png']) await item(page, name).getByRole('checkbox').click();
}

async function preview(page) {
  await page.getByTitle('Beach 1.png', { exact: true }).click();
  await page.getByRole('dialog', { name: 'Preview of Beach 1.png' }).locator('img').waitFor();
  await page.waitForLoadState('networkidle');
}

async function find(page) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('ea');
  await page.getByRole('option', { name: 'Beach 1.png' }).waitFor();
}

async function move(page) {
  await item(page, 'Budget 2026.csv').getByRole('button').click();
  await page.getByRole('menuitem', { name: 'Move to…' }).click();
  await page.getByRole('dialog').getByText('Holidays').click();
  await page.keyboard.press('ArrowRight');
}

async function showMenu(page) {
  const menu = page.getByRole('button', { name: 'Menu', exact: true });
  if (await menu.isVisible()) await menu.click();
}

async function makeToken(page) {
  await page.getByRole('button', { name: /Make a (new )?token/ }).click();
  await page.getByText(/left$/).waitFor();
}

async function dryRun(page) {
  await page.getByRole('combobox', { name: 'From' }).click();
  await page.getByRole('option', { name: /^Local Default/ }).click();
  await page.getByRole('combobox', { name: 'To' }).click();
  await page.getByRole('option', { name: /^Attic/ }).click();
  await page.getByRole('button', { name: 'Check what would happen' }).click();
  await page.getByTestId('dry-run').waitFor();
}
