import { expect, it } from 'vitest';

import { FIRST_PAGE, pageAfter } from '@/api/folders';
import { names, pageWith } from '@/testing/drive';

import { folderRows, listRows } from './rows';

it('begins with the first part and ends when nothing is left', () => {
  expect(pageAfter([])).toEqual(FIRST_PAGE);
  expect(pageAfter([pageWith({ folders: [1], files: [1], foldersTotal: 1, filesTotal: 1 })])).toBeUndefined();
});

it('asks for the rest of the folders first, and goes on with the files where they were', () => {
  const first = pageWith({ folders: [1, 2], files: [1], foldersTotal: 4, filesTotal: 3, next: 1 });
  const second = pageAfter([first]);
  expect(second).toMatchObject({ folders: { offset: 2 }, files: { after: { id: 1 }, limit: 0 } });
  const more = pageWith({ folders: [3, 4], foldersTotal: 4, filesTotal: 3, next: 1 });
  expect(pageAfter([first, more])).toMatchObject({ folders: { limit: 0 }, files: { after: { id: 1 } } });
});

it('does not ask for ever when folders were removed meanwhile', () => {
  const first = pageWith({ folders: [1, 2], foldersTotal: 4, filesTotal: 0 });
  const none = pageWith({ foldersTotal: 4, filesTotal: 0 });
  expect(pageAfter([first, none])).toBeUndefined();
});

it('knows how long a folder is and leaves gaps for what is not loaded', () => {
  const rows = folderRows([pageWith({ folders: [1, 2], files: [7], foldersTotal: 3, filesTotal: 100_000, next: 7 })]);
  expect(rows.total).toBe(100_003);
  expect(rows.isComplete).toBe(false);
  expect(names([rows.at(0), rows.at(1), rows.at(2), rows.at(3), rows.at(4)])).toEqual([
    'folder 1',
    'folder 2',
    undefined,
    'file 7',
    undefined,
  ]);
  expect(rows.indexOf('file-7')).toBe(3);
  expect(rows.indexOf('file-8')).toBe(-1);
});

it('shows an item once that moved from one part into the next while they were read', () => {
  const pages = [
    pageWith({ files: [1, 2], foldersTotal: 0, filesTotal: 4, next: 2 }),
    pageWith({ files: [2, 3], foldersTotal: 0, filesTotal: 4 }),
  ];
  const rows = folderRows(pages);
  expect(names(rows.loaded)).toEqual(['file 1', 'file 2', 'file 3']);
  // The server counted four, but there is nothing more to come.
  expect(rows.total).toBe(3);
  expect(rows.isComplete).toBe(true);
});

it('an empty folder has no rows', () => {
  expect(folderRows([]).total).toBe(0);
  expect(folderRows([pageWith({ foldersTotal: 0, filesTotal: 0 })])).toMatchObject({ total: 0, isComplete: true });
});

it('a plain list is complete when everything is there', () => {
  const part = listRows(['a', 'b'], 5, (text) => text);
  expect(part).toMatchObject({ total: 5, isComplete: false });
  expect(part.at(3)).toBeUndefined();
  expect(listRows(['a', 'b', 'a'], 3, (text) => text)).toMatchObject({ total: 2, isComplete: true });
});

it('takes a part more without forgetting or repeating, and an older list stays as it was', () => {
  const first = pageWith({ folders: [1], files: [1, 2], foldersTotal: 1, filesTotal: 5, next: 2 });
  const second = pageWith({ files: [2, 3], foldersTotal: 1, filesTotal: 5, next: 3 });
  const third = pageWith({ files: [4, 5], foldersTotal: 1, filesTotal: 5 });
  const two = folderRows([first, second]);
  const three = folderRows([first, second, third]);
  expect(names(three.loaded)).toEqual(['folder 1', 'file 1', 'file 2', 'file 3', 'file 4', 'file 5']);
  expect(names(two.loaded)).toEqual(['folder 1', 'file 1', 'file 2', 'file 3']);
  expect(two.at(4)).toBeUndefined();
  expect(two.indexOf('file-4')).toBe(-1);
  // Read anew from the beginning, the middle part changed.
  const other = pageWith({ files: [3], foldersTotal: 1, filesTotal: 4, next: 3 });
  expect(names(folderRows([first, other, third]).loaded)).toEqual([
    'folder 1',
    'file 1',
    'file 2',
    'file 3',
    'file 4',
    'file 5',
  ]);
  expect(folderRows([first, second]).loaded).toHaveLength(4);
});
