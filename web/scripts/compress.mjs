// Writes a brotli and a gzip copy beside every file of the build that gets smaller by it, so that the server only
// chooses among files.

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const TEXT = /\.(?:css|html|js|json|mjs|svg|txt|wasm)$/;
/** Below this an answer fits one packet either way. */
const SMALLEST = 1024;

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
const zip = (bytes) => promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });

const entries = await readdir(dist, { recursive: true, withFileTypes: true });
const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
for (const path of paths.filter((each) => TEXT.test(each) && !each.includes('.vite'))) {
  // index.html carries a new nonce in each answer.
  if (path.endsWith('.html')) continue;
  const bytes = await readFile(path);
  if (bytes.length < SMALLEST) continue;
  for (const [ending, packed] of [
    ['.br', await brotli(bytes)],
    ['.gz', await zip(bytes)],
  ]) {
    if (packed.length < bytes.length) await writeFile(path + ending, packed);
    else await rm(path + ending, { force: true });
  }
}
