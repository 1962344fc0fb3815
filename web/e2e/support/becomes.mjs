import { setTimeout as sleep } from 'node:timers/promises';

import { PATIENCE_MS } from './stage.mjs';

/** Looks until what `look` sees is `expected`, a value or a pattern, and gives it: a page shows things when it has them. */
export async function becomes(look, expected) {
  const fits = (seen) => (expected instanceof RegExp ? expected.test(seen) : seen === expected);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (fits(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`waited for ${expected}, last saw ${seen}`);
    await sleep(50);
  }
}
