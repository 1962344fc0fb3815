import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Every violation found so far and where it is; a test at the end says that there is none. */
export const violations = [];

/** Looks at the page as it is now, without the words that only stand where the mouse rests. */
export async function lookAt(page, what) {
  await page.mouse.move(0, 0);
  await page.waitForFunction(() => !document.querySelector('[role="tooltip"]'));
  await page.evaluate(source);
  const found = await page.evaluate(
    (tags) => globalThis.axe.run(document, { runOnly: { type: 'tag', values: tags } }),
    TAGS,
  );
  for (const { id, help, nodes } of found.violations) {
    const places = nodes.slice(0, 3).map((node) => `    ${node.target.join(' ')}\n      ${node.failureSummary}`);
    violations.push(`${what} (${page.url()}): ${id}: ${help}\n${places.join('\n')}`);
  }
}
