// Pictures of the main pages, light and dark, narrow to wide, with something on them. Somebody should look at them.
//   npm run screenshots [-- DIRECTORY]

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { furnish } from './support/furnish.mjs';
import { ADMIN, Stage } from './support/stage.mjs';

const out = process.argv[2] ?? fileURLToPath(new URL('.out/screenshots', import.meta.url));
const WIDTHS = { 360: 780, 1280: 900, 2560: 1440 };

const stage = await Stage.open();
try {
  await mkdir(out, { recursive: true });
  const empty = await stage.context();
  await shoot(empty, 'setup', '/setup', async () => {});
  const { node, fresh } = await furnish(stage);
  const places = {
    login: '/login',
    home: '/',
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
      for (const [name, path] of Object.entries(places).filter(([each]) => each !== 'login')) {
        await page.goto(path);
        await page.waitForLoadState('networkidle');
        if (name === 'node-enroll') {
          await page.getByRole('button', { name: /Make a (new )?token/ }).click();
          await page.getByText(/left$/).waitFor();
        }
        await page.screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png`, fullPage: true });
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
