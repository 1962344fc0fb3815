/** Which bytes are a chunk, and which chunks are left. Pure. Chunks are numbered from 0 everywhere here. */

export interface Layout {
  size: number;
  chunkSize: number;
  totalChunks: number;
}

/** The bytes of a chunk: from the first, up to and without the last. */
export function rangeOf({ size, chunkSize, totalChunks }: Layout, number: number): [number, number] {
  if (!Number.isInteger(number) || number < 0 || number >= totalChunks) {
    throw new RangeError(`chunk ${number} is none of ${totalChunks}`);
  }
  const from = number * chunkSize;
  return [from, Math.min(size, from + chunkSize)];
}

export const lengthOf = (layout: Layout, number: number): number => {
  const [from, to] = rangeOf(layout, number);
  return to - from;
};

/** What has not arrived, ascending. */
export function missingFrom({ totalChunks }: Layout, present: Iterable<number>): number[] {
  const there = new Set(present);
  return Array.from({ length: totalChunks }, (_, number) => number).filter((number) => !there.has(number));
}

/** Bytes of what has arrived. */
export const bytesOf = (layout: Layout, present: Iterable<number>): number =>
  [...new Set(present)].reduce((sum, number) => sum + lengthOf(layout, number), 0);
