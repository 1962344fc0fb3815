import { expect, it } from 'vitest';

import { SORT_KEYS, type Sort } from '@/api/folders';
import { fileWith, folderWith, names, pageWith } from '@/testing/drive';

import { addToFolder, changed, editFolder, editFound, takeFromTrash, without } from './edits';
import { compare } from './sorting';

const byName: Sort = { by: 'name', order: 'asc' };

it('takes items out of whatever part they are in, and counts', () => {
  const pages = [
    pageWith({ folders: [1], files: [1], foldersTotal: 1, filesTotal: 3, next: 1 }),
    pageWith({ files: [2, 3], foldersTotal: 1, filesTotal: 3 }),
  ];
  const next = editFolder(pages, without([fileWith(2), folderWith(1)]));
  expect(names(next.flatMap((page) => [...page.folders, ...page.files]))).toEqual(['file 1', 'file 3']);
  for (const page of next) expect(page).toMatchObject({ foldersTotal: 0, filesTotal: 2 });
});

it('a file and a folder of the same id are two things', () => {
  const [page] = editFolder(
    [pageWith({ folders: [1], files: [1], foldersTotal: 1, filesTotal: 1 })],
    without([fileWith(1)]),
  );
  expect(page).toMatchObject({ foldersTotal: 1, filesTotal: 0 });
});

it('changes an item where it stands, and leaves the others as they are', () => {
  const pages = [pageWith({ folders: [1], files: [1, 2], foldersTotal: 1, filesTotal: 2 })];
  const [page] = editFolder(pages, changed(fileWith(2), { name: 'new' }));
  expect(names(page?.files ?? [])).toEqual(['file 1', 'new']);
  expect(page?.folders).toBe(pages[0]?.folders);
});

it('puts a new folder where it belongs', () => {
  const pages = [pageWith({ folders: [1, 3], foldersTotal: 2, filesTotal: 0 })];
  const [page] = addToFolder(pages, folderWith(2), byName);
  expect(names(page?.folders ?? [])).toEqual(['folder 1', 'folder 2', 'folder 3']);
  expect(page?.foldersTotal).toBe(3);
  const [last] = addToFolder(pages, folderWith(4), byName);
  expect(names(last?.folders ?? [])).toEqual(['folder 1', 'folder 3', 'folder 4']);
});

it('counts a new item whose place is not loaded', () => {
  const pages = [pageWith({ folders: [1], foldersTotal: 500, filesTotal: 0 })];
  const [page] = addToFolder(pages, folderWith(9), byName);
  expect(page).toMatchObject({ foldersTotal: 501 });
  expect(page?.folders).toHaveLength(1);
});

it('takes away from what was found and from the trash', () => {
  const found = { items: [fileWith(1), folderWith(1)], total: 2, isExact: true, nextOffset: undefined };
  expect(editFound([found], without([fileWith(1)]))).toMatchObject([{ items: [{ kind: 'folder' }], total: 1 }]);
  const entry = { ...fileWith(1), original_path: '/', deleted_at: '', expires_at: '' };
  expect(takeFromTrash([{ entries: [entry], total: 1, next: undefined }], [entry])).toMatchObject([
    { entries: [], total: 0 },
  ]);
});

it.each(SORT_KEYS)('sorts by %s with the folders first, both ways', (by) => {
  const old = {
    size: 1,
    mime_type: 'image/png',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
  };
  const young = {
    size: 2,
    mime_type: 'text/plain',
    created_at: '2026-01-02T00:00:00Z',
    updated_at: '2026-01-02T00:00:00Z',
  };
  const items = [fileWith(2, { name: 'B', ...young }), folderWith(1), fileWith(1, { name: 'a', ...old })];
  const sorted = (order: 'asc' | 'desc') => names([...items].sort((x, y) => compare(x, y, { by, order })));
  expect(sorted('asc')).toEqual(['folder 1', 'a', 'B']);
  expect(sorted('desc')).toEqual(['folder 1', 'B', 'a']);
});
