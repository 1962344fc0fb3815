// Pictures of the main pages, light and dark, narrow to wide, with something on them. Somebody should look at them.
//   npm run screenshots [-- DIRECTORY [WORD]]     with a word, only pages whose name has it

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { furnish } from './support/furnish.mjs';
import { ADMIN, Stage } from './support/stage.mjs';

const out = process.argv[2] ?? fileURLToPath(new URL('.out/screenshots', import.meta.url));
const word = process.argv[3] ?? '';
const WIDTHS = { 360: 780, 1280: 900, 2560: 1440 };

const row = (page, name) => page.locator('[data-index]').filter({ has: page.getByTitle(name, { exact: true }) });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
/** What somebody does on a page before its picture is taken. */
const scenes = {
  'drive-tiles': async (page) => {
    await press(page, 'Show as tiles');
    await row(page, 'Beach 1.png').locator('img').waitFor();
  },
  'drive-menu': (page) => row(page, 'Budget 2026.csv').getByRole('button').click(),
  'drive-details': async (page) => {
    await row(page, 'Beach 1.png').getByRole('checkbox').click();
    await press(page, 'Details');
    await page.getByText('image/png').waitFor();
  },
  'drive-selection': async (page) => {
    for (const name of ['Music', 'Photos', 'Beach 2.png']) await row(page, name).getByRole('checkbox').click();
  },
  'drive-find': async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('ea');
    await page.getByRole('option', { name: 'Beach 1.png' }).waitFor();
  },
  'drive-move': async (page) => {
    await row(page, 'Budget 2026.csv').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Move to…' }).click();
    await page.getByRole('dialog').getByText('Holidays').click();
    await page.keyboard.press('ArrowRight');
  },
  'drive-nav': async (page) => {
    const menu = page.getByRole('button', { name: 'Menu', exact: true });
    if (await menu.isVisible()) await menu.click();
  },
};
const after = { 'drive-tiles': (page) => press(page, 'Show as a list') };

const stage = await Stage.open();
try {
  await mkdir(out, { recursive: true });
  const empty = await stage.context();
  await shoot(empty, 'setup', '/setup', async () => {});
  const { node, fresh, folder, team } = await furnish(stage);
  const places = {
    login: '/login',
    drive: '/',
    'drive-tiles': '/',
    'drive-menu': '/',
    'drive-details': '/',
    'drive-selection': '/',
    'drive-search': '/drive/search?q=e',
    'drive-find': '/',
    'drive-move': '/',
    'drive-folder': `/drive/folder/${folder}`,
    'drive-trash': '/drive/trash',
    'drive-teams': '/teams',
    'drive-team': `/teams/${team}/manage`,
    'drive-nav': '/',
    overview: '/admin/overview',
    nodes: '/admin/remote-nodes',
    'node-new': '/admin/remote-nodes/new',
    node: `/admin/remote-nodes/${node}`,
    'node-enroll': `/admin/remote-nodes/${fresh}/setup`,
    policies: '/admin/policies',
    policy: '/admin/policies/new',
    groups: '/admin/policy-groups',
    group: '/admin/policy-groups/2',
    users: '/admin/users',
    user: '/admin/users/1',
    settings: '/admin/settings',
    audit: '/admin/audit',
  };
  for (const [width, height] of Object.entries(WIDTHS)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await stage.context({ viewport: { width: Number(width), height }, colorScheme });
      const page = await context.newPage();
      await page.goto('/login');
      await page.screenshot({ path: `${out}/login-${width}-${colorScheme}.png` });
      await page.getByLabel('User name or mail address').fill(ADMIN.username);
      await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL('**/');
      const wanted = Object.entries(places).filter(([name]) => name !== 'login' && name.includes(word));
      for (const [name, path] of wanted) {
        await page.goto(path);
        await page.waitForLoadState('networkidle');
        if (name === 'node-enroll') {
          await page.getByRole('button', { name: /Make a (new )?token/ }).click();
          await page.getByText(/left$/).waitFor();
        }
        await scenes[name]?.(page);
        await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await after[name]?.(page);
      }
      await context.close();
    }
  }
} finally {
  await stage.close();
}

async function shoot(context, name, path, act) {
  const page = await context.newPage();
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  await act(page);
  await page.screenshot({ path: `${out}/${name}-1280-light.png` });
  await context.close();
}
