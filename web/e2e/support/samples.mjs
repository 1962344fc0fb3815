// Files that viewers show, made here, and what tests need to send and compare them.

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const MIB = 1024 * 1024;

/** A PDF with a line of text on each page. */
export function pdf(lines) {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', ''];
  const kids = lines.map((line) => {
    const content = `BT /F1 36 Tf 72 700 Td (${line}) Tj ET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${objects.length + 2} 0 R ` +
        '/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>',
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    );
    return `${objects.length - 1} 0 R`;
  });
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${kids.length} >>`;
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, at) => {
    const offset = text.length;
    text += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${`${offset}`.padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  text += `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\n`;
  return Buffer.from(`${text}startxref\n${text.lastIndexOf('xref\n0')}\n%%EOF\n`, 'latin1');
}

/** A tone of some seconds. */
export function wav(seconds) {
  const rate = 8_000;
  const samples = Buffer.alloc(rate * seconds);
  for (let at = 0; at < samples.length; at += 1) samples[at] = 128 + Math.round(60 * Math.sin(at / 3));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** A file on disk of which no two parts are alike; gives its hash. */
export async function bigFile(path, bytes) {
  const file = await open(path, 'w');
  const hash = createHash('sha256');
  const block = randomBytes(MIB);
  try {
    for (let written = 0; written < bytes; written += block.length) {
      block.writeUInt32LE(written / MIB, 0);
      const part = block.subarray(0, Math.min(block.length, bytes - written));
      hash.update(part);
      await file.write(part);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

export const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

export async function hashOfFile(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The hash of what the server gives for a file, wherever it is kept. */
export async function hashOnServer(api, id) {
  const reply = await api.raw(`/files/${id}/download?relay=1`);
  if (!reply.ok) throw new Error(`the download answered ${reply.status}`);
  const hash = createHash('sha256');
  await pipeline(reply.body, hash);
  return hash.digest('hex');
}
