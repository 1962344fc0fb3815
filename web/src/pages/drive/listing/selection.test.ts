import { describe, expect, it } from 'vitest';

import { listRows, type Rows } from './rows';
import { chosen, locate, NOTHING, type Pick, pick, pickAll, pickNone, prune, type Selection } from './selection';

const key = (text: string) => text;
const rowsOf = (text: string, total = text.length) => listRows([...text], total, key);
const rows = rowsOf('abcdef');

function picked(steps: [number, Pick][], list: Rows<string> = rows): Selection {
  return steps.reduce((now, [index, how]) => pick(now, list, key, index, how), NOTHING);
}

const keys = (selection: Selection) => [...selection.keys].sort().join('');

describe('pointing at rows', () => {
  it.each<[string, [number, Pick][], string]>([
    ['a click chooses one row', [[1, 'only']], 'b'],
    [
      'another click chooses another',
      [
        [1, 'only'],
        [3, 'only'],
      ],
      'd',
    ],
    [
      'with Ctrl it is added',
      [
        [1, 'only'],
        [3, 'toggle'],
      ],
      'bd',
    ],
    [
      'and taken away again',
      [
        [1, 'only'],
        [3, 'toggle'],
        [1, 'toggle'],
      ],
      'd',
    ],
    [
      'with Shift everything between',
      [
        [1, 'only'],
        [3, 'range'],
      ],
      'bcd',
    ],
    [
      'a range turns around where it began',
      [
        [3, 'only'],
        [5, 'range'],
        [1, 'range'],
      ],
      'bcd',
    ],
    [
      'a range begins at what was toggled last',
      [
        [0, 'only'],
        [4, 'toggle'],
        [2, 'range'],
      ],
      'cde',
    ],
    [
      'going somewhere chooses nothing',
      [
        [1, 'only'],
        [4, 'focus'],
      ],
      'b',
    ],
    ['a range without a beginning begins at the first row', [[2, 'range']], 'abc'],
  ])('%s', (_, steps, wanted) => {
    expect(keys(picked(steps))).toBe(wanted);
  });

  it('a row that is not loaded gets the focus but is not chosen', () => {
    const list = rowsOf('ab', 100);
    const now = picked([[50, 'only']], list);
    expect(keys(now)).toBe('');
    expect(locate(now.focus, list)).toBe(50);
    expect(
      keys(
        picked(
          [
            [1, 'only'],
            [50, 'range'],
          ],
          list,
        ),
      ),
    ).toBe('b');
  });
});

it('chooses everything that is here, and nothing', () => {
  const all = pickAll(NOTHING, rows, key);
  expect(keys(all)).toBe('abcdef');
  expect(keys(pickNone(all))).toBe('');
  expect(pickNone(NOTHING)).toBe(NOTHING);
});

it('the focus stays on its item when the list is sorted anew, and on its place when the item is gone', () => {
  const now = picked([[1, 'only']]);
  expect(locate(now.focus, rowsOf('fedcba'))).toBe(4);
  expect(locate(now.focus, rowsOf('acdef'))).toBe(1);
  expect(locate(now.focus, rowsOf('a'))).toBe(0);
  expect(locate(now.focus, rowsOf(''))).toBe(-1);
});

it('lets go of what is gone', () => {
  const now = picked([
    [0, 'only'],
    [2, 'range'],
  ]);
  expect(keys(prune(now, rowsOf('acdef')))).toBe('ac');
  expect(prune(now, rows)).toBe(now);
});

it('gives the chosen items in the order of the list', () => {
  const now = picked([
    [4, 'only'],
    [0, 'toggle'],
    [2, 'toggle'],
  ]);
  expect(chosen(now, rows)).toEqual(['a', 'c', 'e']);
  expect(chosen(now, rowsOf('fedcba'))).toEqual(['e', 'c', 'a']);
});
