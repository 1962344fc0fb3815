import { unzipRaw } from 'unzipit';

import { readContent } from '@/api/content';

/** The list of an archive is read into memory, so it has a limit: about 200,000 files. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface ZipItem {
  path: string;
  size: number;
  changed: Date;
  encrypted: boolean;
}

/** What is in an archive. Only its list is read, by ranges, however large the archive is. */
export async function listZip(url: string, size: number, signal: AbortSignal): Promise<ZipItem[]> {
  const { entries } = await unzipRaw({
    getLength: async () => size,
    read: async (from, length) => {
      if (length === 0) return new Uint8Array();
      if (length > MOST_BYTES) throw new RangeError('the list of the archive is too long');
      const { bytes } = await readContent(url, signal, { from, to: from + length - 1 });
      // Who ignores ranges sends the whole file.
      return bytes.length > length ? bytes.slice(from, from + length) : bytes;
    },
  });
  return itemsOf(entries);
}

type Entry = Awaited<ReturnType<typeof unzipRaw>>['entries'][number];

/** Files in the order of their paths; folders are the beginnings of those. */
export function itemsOf(
  entries: Pick<Entry, 'name' | 'size' | 'lastModDate' | 'isDirectory' | 'encrypted'>[],
): ZipItem[] {
  return entries
    .filter((entry) => !entry.isDirectory)
    .map((entry) => ({
      path: entry.name,
      size: entry.size,
      changed: entry.lastModDate,
      encrypted: entry.encrypted,
    }))
    .sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}
