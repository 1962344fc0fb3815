import { afterEach, expect, it, vi } from 'vitest';

import { listZip } from './zip';

/** An archive without content: two stored files of no bytes, with a directory. */
function archive(names: string[]): Uint8Array {
  const text = new TextEncoder();
  const bytes: number[] = [];
  const two = (value: number) => bytes.push(value & 255, value >> 8);
  const four = (value: number) => {
    two(value & 0xffff);
    two(value >>> 16);
  };
  const offsets = names.map((name) => {
    const at = bytes.length;
    four(0x04034b50);
    for (const value of [20, 0, 0, 0, 0x5c21]) two(value);
    for (const value of [0, 0, 0]) four(value);
    two(text.encode(name).length);
    two(0);
    bytes.push(...text.encode(name));
    return at;
  });
  const start = bytes.length;
  names.forEach((name, at) => {
    four(0x02014b50);
    for (const value of [20, 20, 0, 0, 0, 0x5c21]) two(value);
    for (const value of [0, 0, 0]) four(value);
    two(text.encode(name).length);
    for (const value of [0, 0, 0, 0]) two(value);
    four(0);
    four(offsets[at] ?? 0);
    bytes.push(...text.encode(name));
  });
  const length = bytes.length - start;
  four(0x06054b50);
  for (const value of [0, 0, names.length, names.length]) two(value);
  four(length);
  four(start);
  two(0);
  return Uint8Array.from(bytes);
}

afterEach(() => vi.unstubAllGlobals());

function serve(bytes: Uint8Array, ranges: string[]) {
  vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
    const range = (init.headers as Record<string, string>).range ?? '';
    ranges.push(range);
    const [, from = '0', to = '0'] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
    const part = bytes.slice(Number(from), Number(to) + 1);
    return new Response(part, { status: 206, headers: { 'content-range': `bytes ${from}-${to}/${bytes.length}` } });
  });
}

it('lists the files of an archive by reading its end', async () => {
  const content = archive(['b.txt', 'dir/', 'dir/a.txt']);
  const ranges: string[] = [];
  serve(content, ranges);
  const items = await listZip('/x', content.length, new AbortController().signal);
  expect(items.map(({ path }) => path)).toEqual(['b.txt', 'dir/a.txt']);
  expect(ranges.length).toBeGreaterThan(0);
});

it('refuses what is no archive', async () => {
  const content = new Uint8Array(500);
  serve(content, []);
  await expect(listZip('/x', content.length, new AbortController().signal)).rejects.toThrow();
});
