import { expect, it } from 'vitest';

import { delimiterOf, parseCsv } from './csv';

it.each([
  [
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['"a,b","c\nd"', [['a,b', 'c\nd']]],
  ['"say ""hi""",x', [['say "hi"', 'x']]],
  [
    'a,,\n,,',
    [
      ['a', '', ''],
      ['', '', ''],
    ],
  ],
  ['""', [['']]],
  ['a "b" c,d', [['a "b" c', 'd']]],
  ['', []],
  ['\ufeffa,b', [['a', 'b']]],
  ['a\rb', [['a\rb']]],
])('reads %j', (text, rows) => {
  expect(parseCsv(text)).toEqual({ rows, broken: false });
});

it('says when a quotation mark is never closed', () => {
  expect(parseCsv('a,"b\nc')).toEqual({ rows: [['a', 'b\nc']], broken: true });
});

it.each([
  ['a;b;c\n1,5;2;3\n2,5;3;4', ';'],
  ['a\tb\nc\td', '\t'],
  ['a|b|c', '|'],
  ['"x;y;z",b\nc,d', ','],
  ['single', ','],
  ['', ','],
])('finds the delimiter of %j', (text, delimiter) => {
  expect(delimiterOf(text)).toBe(delimiter);
});
