// Pictures of the pages with something on them, which somebody should look at.
//   npm run screenshots [-- DIRECTORY]  every page, light and dark, at 360, 1280 and 2560 pixels, into e2e/.out
//   npm run screenshots -- --docs       the main screens for docs/screenshots, light and dark, at 1280
// A new page is one more entry of support/screens.mjs.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { furnish } from './support/furnish.mjs';
import { furnishDrive } from './support/furnish-drive.mjs';
import { screens } from './support/screens.mjs';
import { furnishSharing } from './support/sharing-scenes.mjs';
import { ADMIN, Stage } from './support/stage.mjs';

const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false }, only: { type: 'string' } },
  allowPositionals: true,
});
const place = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = positionals[0] ?? place(values.docs ? '../../docs/screenshots' : '.out/screenshots');
const SIZES = values.docs ? { 1280: 800 } : { 360: 780, 1280: 900, 2560: 1440 };
/** Flat surfaces and text: no loss to be seen, a fifth of the size of a PNG. */
const QUALITY = 88;

const stage = await Stage.open();
try {
  await mkdir(out, { recursive: true });
  await shootEmpty();
  const furnished = await furnish(stage);
  const { folder, team: garden } = await furnishDrive(furnished.api);
  const album = await furnished.api.post('/shares', { target: { type: 'folder', id: folder } });
  const shared = await furnishSharing(furnished.api);
  const wanted = screens({ ...furnished, ...shared, folder, garden, album: album.token }).filter(({ name, docs }) =>
    values.only ? values.only.split(',').includes(name) : !values.docs || docs,
  );
  for (const [width, height] of Object.entries(SIZES)) {
    for (const scheme of ['light', 'dark']) {
      const context = await stage.context({ viewport: { width: Number(width), height }, colorScheme: scheme });
      await shootAll(context, wanted, values.docs ? scheme : `${width}-${scheme}`);
      await context.close();
    }
  }
} finally {
  await stage.close();
}

/** The one page that is gone as soon as there is an account. */
async function shootEmpty() {
  if (values.docs || values.only) return;
  const context = await stage.context();
  const page = await context.newPage();
  await page.goto('/setup');
  await settled(page);
  await shoot(page, 'setup-1280-light');
  await context.close();
}

async function shootAll(context, wanted, suffix) {
  const page = await context.newPage();
  const open = async ({ name, path, act, undo }) => {
    await page.goto(path);
    await settled(page);
    await act?.(page);
    await settled(page);
    await shoot(page, `${name}-${suffix}`);
    await undo?.(page);
  };
  for (const screen of wanted.filter(({ stranger }) => stranger)) await open(screen);
  await page.goto('/login');
  await page.getByLabel('User name or mail address').fill(ADMIN.username);
  await page.getByLabel('Password *', { exact: true }).fill(ADMIN.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname !== '/login');
  for (const screen of wanted.filter(({ stranger }) => !stranger)) await open(screen);
}

/** Nothing is on its way any more: there is a heading, and no skeleton, picture or font is awaited. */
async function settled(page) {
  await page.locator('h1').first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => {
    const pictures = [...document.images].every((image) => image.complete);
    return pictures && document.fonts.status === 'loaded' && !document.querySelector('.mantine-Skeleton-root');
  });
}

/** Whole pages to be looked at as PNG; what goes into the repository is small, and what fits on a screen. */
async function shoot(page, name) {
  if (!values.docs) return page.screenshot({ path: `${out}/${name}.png`, fullPage: true });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await writeFile(`${out}/${name}.webp`, Buffer.from(data, 'base64'));
  await session.detach();
}
