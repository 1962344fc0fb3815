import { open, rename } from 'node:fs/promises';

/** Writes a file that is there whole or not at all, whenever this process is killed. */
export async function writeWhole(path, content, mode) {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
