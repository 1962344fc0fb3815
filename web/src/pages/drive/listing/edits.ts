import { type DriveItem, type FileItem, type FolderItem, type ItemRef, keyOf } from '@/api/files';
import type { FolderPage, Sort } from '@/api/folders';
import type { FoundPage } from '@/api/search';
import type { TrashPage } from '@/api/trash';

import { compare, insert } from './sorting';

/** What becomes of an item before the server has answered; `null` takes it away. */
export type Edit = (item: DriveItem) => DriveItem | null;

export const without = (items: readonly ItemRef[]): Edit => {
  const gone = new Set(items.map(keyOf));
  return (item) => (gone.has(keyOf(item)) ? null : item);
};

export const changed = (item: ItemRef, change: Partial<Pick<DriveItem, 'name' | 'is_locked'>>): Edit => {
  const key = keyOf(item);
  return (other) => (keyOf(other) === key ? ({ ...other, ...change } as DriveItem) : other);
};

function edited<T extends DriveItem>(items: T[], edit: Edit): T[] {
  const next = items.map(edit);
  if (next.every((item, index) => item === items[index])) return items;
  return next.filter((item) => item !== null) as T[];
}

export function editFolder(pages: FolderPage[], edit: Edit): FolderPage[] {
  const next = pages.map((page) => ({
    ...page,
    folders: edited(page.folders, edit),
    files: edited(page.files, edit),
  }));
  const count = (of: FolderPage[], kind: 'folders' | 'files') => of.reduce((sum, page) => sum + page[kind].length, 0);
  const lost = {
    folders: count(pages, 'folders') - count(next, 'folders'),
    files: count(pages, 'files') - count(next, 'files'),
  };
  return next.map((page) => ({
    ...page,
    foldersTotal: page.foldersTotal - lost.folders,
    filesTotal: page.filesTotal - lost.files,
  }));
}

/** A new item where it belongs, as far as that part of the folder is loaded. */
export function addToFolder(pages: FolderPage[], item: DriveItem, sort: Sort): FolderPage[] {
  const isFolder = item.kind === 'folder';
  const counted = pages.map((page) =>
    isFolder ? { ...page, foldersTotal: page.foldersTotal + 1 } : { ...page, filesTotal: page.filesTotal + 1 },
  );
  const listOf = (page: FolderPage): DriveItem[] => (isFolder ? page.folders : page.files);
  const found = counted.findIndex((page) => {
    const last = listOf(page).at(-1);
    return last !== undefined && compare(item, last, sort) < 0;
  });
  const loaded = counted.reduce((sum, page) => sum + listOf(page).length, 0);
  const total = (isFolder ? counted[0]?.foldersTotal : counted[0]?.filesTotal) ?? 0;
  // Behind everything that is loaded: only at the very end is its place known.
  if (found < 0 && loaded + 1 < total) return counted;
  const place = found < 0 ? lastWith(counted, listOf) : found;
  return counted.map((page, index) => {
    if (index !== place) return page;
    return isFolder
      ? { ...page, folders: insert(page.folders, item as FolderItem, sort) }
      : { ...page, files: insert(page.files, item as FileItem, sort) };
  });
}

function lastWith(pages: FolderPage[], listOf: (page: FolderPage) => DriveItem[]): number {
  for (let index = pages.length - 1; index > 0; index -= 1) {
    const page = pages[index];
    if (page && listOf(page).length > 0) return index;
  }
  return 0;
}

export function editFound(pages: FoundPage[], edit: Edit): FoundPage[] {
  const next = pages.map((page) => ({ ...page, items: edited(page.items, edit) }));
  const lost = pages.reduce((sum, page, index) => sum + page.items.length - (next[index]?.items.length ?? 0), 0);
  return next.map((page) => ({ ...page, total: page.total - lost }));
}

export function takeFromTrash(pages: TrashPage[], entries: readonly ItemRef[]): TrashPage[] {
  const gone = new Set(entries.map(keyOf));
  const next = pages.map((page) => ({ ...page, entries: page.entries.filter((entry) => !gone.has(keyOf(entry))) }));
  const lost = pages.reduce((sum, page, index) => sum + page.entries.length - (next[index]?.entries.length ?? 0), 0);
  return next.map((page) => ({ ...page, total: page.total - lost }));
}
