import { type DriveItem, keyOf } from '@/api/files';
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

/** Items by their keys, each once: a row that moved from one part to the next while they were read stays at the first. */
class Places<T> {
  readonly #places = new Map<string, number>();

  constructor(private readonly key: (item: T) => string) {}

  /** A run of the items that were not there before. */
  run(from: number, lists: readonly (readonly T[])[]): Run<T> {
    const items: T[] = [];
    for (const list of lists) {
      for (const item of list) {
        const key = this.key(item);
        if (this.#places.has(key)) continue;
        this.#places.set(key, items.length);
        items.push(item);
      }
    }
    return { from, items };
  }

  indexOf(key: string): number | undefined {
    return this.#places.get(key);
  }
}

const at =
  <T>(runs: Run<T>[]) =>
  (index: number): T | undefined => {
    for (const { from, items } of runs) if (index >= from && index < from + items.length) return items[index - from];
    return undefined;
  };

/** A list that is loaded from its beginning on. */
export function listRows<T>(items: readonly T[], total: number, key: (item: T) => string): Rows<T> {
  const places = new Places(key);
  const run = places.run(0, [items]);
  const isComplete = items.length >= total;
  return {
    total: isComplete ? run.items.length : total,
    isComplete,
    loaded: run.items,
    at: at([run]),
    indexOf: (wanted) => places.indexOf(wanted) ?? -1,
  };
}

/** The parts of a folder as one list: the folders, then the files. */
export function folderRows(pages: readonly FolderPage[]): Rows<DriveItem> {
  const last = pages.at(-1);
  const isComplete = last !== undefined && pageAfter(pages) === undefined;
  const folderPlaces = new Places<DriveItem>(keyOf);
  const folders = folderPlaces.run(
    0,
    pages.map((page) => page.folders),
  );
  const filePlaces = new Places<DriveItem>(keyOf);
  // Between two parts somebody may have added or removed something; what is loaded in full counts itself.
  const total = (loaded: number, told = 0) => (isComplete ? loaded : Math.max(loaded, told));
  const foldersTotal = total(folders.items.length, last?.foldersTotal);
  const files = filePlaces.run(
    foldersTotal,
    pages.map((page) => page.files),
  );
  return {
    total: foldersTotal + total(files.items.length, last?.filesTotal),
    isComplete,
    loaded: folders.items.length === 0 ? files.items : [...folders.items, ...files.items],
    at: at([folders, files]),
    indexOf: (key) => {
      const file = filePlaces.indexOf(key);
      return file === undefined ? (folderPlaces.indexOf(key) ?? -1) : foldersTotal + file;
    },
  };
}
