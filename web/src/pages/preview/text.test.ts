import { expect, it } from 'vitest';

import { decodeText, lineBreakOf } from './text';

const bytes = (...values: number[]) => Uint8Array.from(values);

it('reads UTF-8, also with a mark, which stays', () => {
  expect(decodeText(bytes(0xe4, 0xbd, 0xa0))).toBe('你');
  expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  expect(decodeText(bytes())).toBe('');
});

it('takes nothing else for text', () => {
  expect(decodeText(bytes(0x61, 0x00, 0x62))).toBeUndefined();
  expect(decodeText(bytes(0xff, 0xfe, 0x61))).toBeUndefined();
  expect(decodeText(bytes(0xe4, 0xbd))).toBeUndefined();
});

it('tells the line ends by the first line', () => {
  expect(lineBreakOf('a\r\nb\n')).toBe('\r\n');
  expect(lineBreakOf('a\nb\r\n')).toBe('\n');
  expect(lineBreakOf('')).toBe('\n');
});
