// The sample: made once, uploaded once, and compared with both of its copies on every run.

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, openAsBlob } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { Failure } from './failure.mjs';
import { writeWhole } from './write-whole.mjs';

const NAME = 'sample.bin';
const BYTES = 5 * 1024 * 1024;

/** Stores the sample unless an earlier run did. Returns what was compared; a difference is a Failure. */
export async function storeSample(api, dir, objectsRoot) {
  const path = join(dir, NAME);
  const receipt = join(dir, 'sample.json');
  if (!existsSync(path)) await writeWhole(path, freshContent(), 0o600);
  const source = await sha256Of(createReadStream(path));

  let file = await earlierUpload(api, receipt);
  const found = file !== undefined;
  if (!found) {
    file = await upload(api, path);
    await writeWhole(receipt, JSON.stringify({ file_id: file.id }), 0o600);
  }
  const download = await sha256Of(await downloadOf(api, file.id));
  const { size } = await stat(path);
  const object = await findObject(objectsRoot, size, source);

  if (download !== source) throw new Failure(`the download differs from the source: sha256 ${download}, not ${source}`);
  if (!object) throw new Failure(`no object below ${objectsRoot} has the sample's sha256 ${source}`);
  return { found, path, size, file, object, source, download };
}

function freshContent() {
  const header = Buffer.from(`aster_drive sample, made ${new Date().toISOString()}; random bytes follow.\n`);
  return Buffer.concat([header, randomBytes(BYTES - header.length)]);
}

async function upload(api, path) {
  const form = new FormData();
  form.append('file', await openAsBlob(path), NAME);
  return api.post(`/files/upload?declared_size=${(await stat(path)).size}`, form);
}

async function earlierUpload(api, receipt) {
  if (!existsSync(receipt)) return undefined;
  const { file_id: id } = JSON.parse(await readFile(receipt, 'utf8'));
  const reply = await api.raw(`/files/${id}`);
  if (reply.status === 404) return undefined;
  if (!reply.ok) throw new Failure(`GET /files/${id} answered ${reply.status}: ${await reply.text()}`);
  return (await reply.json()).data;
}

async function downloadOf(api, id) {
  const reply = await api.raw(`/files/${id}/download`);
  if (reply.status !== 200) throw new Failure(`GET /files/${id}/download answered ${reply.status}: ${await reply.text()}`);
  return reply.body;
}

async function findObject(root, size, sha256) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const same = (await stat(path)).size === size && (await sha256Of(createReadStream(path))) === sha256;
    if (same) return { path, sha256 };
  }
  return undefined;
}

async function sha256Of(stream) {
  const hash = createHash('sha256');
  for await (const piece of stream) hash.update(piece);
  return hash.digest('hex');
}
