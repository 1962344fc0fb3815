import { expect, it } from 'vitest';

import { formatAgo, formatBytes, formatDuration, parseBytes } from './format';

it.each([
  ['0', 0],
  ['4096', 4096],
  ['100 MiB', 104_857_600],
  ['1.5g', 1_610_612_736],
  ['1,5 GB', 1_610_612_736],
  [' 2k ', 2048],
])('reads %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

it.each(['', 'x', '-1', '5 XB', '1 2', '9e9', '99999999 PiB'])('does not read "%s"', (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

it('writes sizes, durations and moments for people', () => {
  expect([0, 1023, 1536, 5_242_880, 1024 ** 4].map((bytes) => formatBytes(bytes))).toEqual([
    '0 B',
    '1,023 B',
    '1.5 KiB',
    '5 MiB',
    '1 TiB',
  ]);
  expect([4, -2_500, 900_000, 604_800_000].map((ms) => formatDuration(ms))).toEqual([
    '4 ms',
    '-2.5 sec',
    '15 min',
    '7 days',
  ]);
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(formatAgo('2026-01-01T23:57:00Z', now)).toBe('3 minutes ago');
  expect(formatAgo('2026-01-01T00:00:00Z', now)).toBe('yesterday');
});
