import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const out = fileURLToPath(new URL('../.out', import.meta.url));

/** Tests that go on from each other: after the first failure the rest is skipped, and a picture shows where it was. */
export function story(pageOf) {
  let broken = false;
  return (name, act) =>
    test(name, async (context) => {
      if (broken) return context.skip('an earlier part failed');
      try {
        await act();
      } catch (error) {
        broken = true;
        await mkdir(out, { recursive: true });
        await pageOf()
          ?.screenshot({ path: `${out}/failed.png` })
          .catch(() => {});
        error.message += `\n  at ${pageOf()?.url()}, see web/e2e/.out/failed.png`;
        throw error;
      }
    });
}
