// Fails when the first load has become too large: everything that the entry imports statically, compressed as the
// server sends it to browsers. Pages that are loaded when they are opened do not count, but none may be huge either.

import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const KIB = 1024;
const FIRST_LOAD = 250 * KIB;
const ANY_CHUNK = 200 * KIB;

const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', dist), 'utf8'));

const sizeOf = async (file) => {
  const packed = await stat(new URL(`${file}.br`, dist)).catch(() => stat(new URL(file, dist)));
  return packed.size;
};

function staticImports(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) staticImports(next, seen);
  return seen;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
if (!entry) throw new Error(`${fileURLToPath(dist)} has no entry; run npm run build first`);
// The texts of one language are fetched before anything is shown.
const first = [...staticImports(entry), 'src/i18n/en/common.json'].map((key) => manifest[key].file);
const sizes = await Promise.all(first.map(sizeOf));
const total = sizes.reduce((sum, size) => sum + size, 0);
const inKib = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`;
console.log(`first load: ${inKib(total)} of ${inKib(FIRST_LOAD)} compressed JavaScript in ${first.length} files`);

const scripts = [...new Set(Object.values(manifest).map(({ file }) => file))].filter((file) => file.endsWith('.js'));
const all = await Promise.all(scripts.map(async (file) => ({ file, size: await sizeOf(file) })));
const largest = all.sort((a, b) => b.size - a.size).slice(0, 3);
for (const { file, size } of largest) console.log(`  ${inKib(size).padStart(10)}  ${file}`);

const tooLarge = largest.filter(({ size }) => size > ANY_CHUNK);
if (total > FIRST_LOAD || tooLarge.length > 0) {
  console.error(
    'budget: too large. See what was added with: npx vite build --mode analyze, or load it when it is needed.',
  );
  process.exit(1);
}
