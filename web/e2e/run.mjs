// Runs every *.test.mjs beside this file, one after the other: each starts servers and a browser of its own.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = (await readdir(here)).filter((name) => name.endsWith('.test.mjs')).map((name) => join(here, name));

run({ files, concurrency: 1, timeout: 600_000 })
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);
