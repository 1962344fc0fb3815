import { type DriveItem, type FileItem, type FolderItem, keyOf } from '@/api/files';
import { type FolderPage, pageAfter } from '@/api/folders';

/** A list of which only a part may be here; what is not is a gap that is known to be there. */
export interface Rows<T> {
  /** All rows, with those that are not loaded. */
  total: number;
  /** What is loaded, in order. */
  loaded: readonly T[];
  /** Whether that is everything. */
  isComplete: boolean;
  at: (index: number) => T | undefined;
  /** -1 when it is not here. */
  indexOf: (key: string) => number;
}

/** A part of a list behind a number of rows. */
interface Run<T> {
  from: number;
  items: readonly T[];
}

function rowsOf<T>(runs: Run<T>[], total: number, isComplete: boolean, key: (item: T) => string): Rows<T> {
  const places = new Map<string, number>();
  for (const { from, items } of runs) for (const [index, item] of items.entries()) places.set(key(item), from + index);
  return {
    total,
    isComplete,
    loaded: runs.length === 1 ? (runs[0]?.items ?? []) : runs.flatMap((run) => run.items),
    at: (index) => {
      for (const { from, items } of runs) if (index >= from && index < from + items.length) return items[index - from];
      return undefined;
    },
    indexOf: (wanted) => places.get(wanted) ?? -1,
  };
}

/** A list that is loaded from its beginning on. */
export function listRows<T>(items: readonly T[], total: number, key: (item: T) => string): Rows<T> {
  const once = distinct(items, key);
  const isComplete = items.length >= total;
  return rowsOf([{ from: 0, items: once }], isComplete ? once.length : total, isComplete, key);
}

/** The parts of a folder as one list: the folders, then the files. */
export function folderRows(pages: readonly FolderPage[]): Rows<DriveItem> {
  const folders = distinct<FolderItem>(
    pages.flatMap((page) => page.folders),
    keyOf,
  );
  const files = distinct<FileItem>(
    pages.flatMap((page) => page.files),
    keyOf,
  );
  const last = pages.at(-1);
  const isComplete = last !== undefined && pageAfter(pages) === undefined;
  // Between two parts somebody may have added or removed something; what is loaded in full counts itself.
  const foldersTotal = isComplete ? folders.length : Math.max(folders.length, last?.foldersTotal ?? 0);
  const filesTotal = isComplete ? files.length : Math.max(files.length, last?.filesTotal ?? 0);
  const runs: Run<DriveItem>[] = [
    { from: 0, items: folders },
    { from: foldersTotal, items: files },
  ];
  return rowsOf(runs, foldersTotal + filesTotal, isComplete, keyOf);
}

/** A row that moved from one part to the next while they were read is there once, where it was seen first. */
function distinct<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  const seen = new Set<string>();
  const once = items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
  return once.length === items.length ? items : once;
}
