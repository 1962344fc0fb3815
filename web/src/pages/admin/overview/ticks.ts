const STEPS = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512];
const MOST_MARKS = 4;

/** Marks of an axis of bytes at round numbers of KiB, MiB and so on, from 0 to `most` or a little more. */
export function byteTicks(most: number): number[] {
  let unit = 1;
  while (most / unit >= 1024) unit *= 1024;
  // Between 512 of a unit and the next there is nothing rounder than the next.
  const step = (STEPS.find((each) => each * MOST_MARKS * unit >= most) ?? 1024) * unit;
  const marks = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: marks + 1 }, (_, index) => index * step);
}
