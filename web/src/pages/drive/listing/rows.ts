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

/** Items by their keys, each once: a row that moved from one part to the next while they were read stays at the first. */
class Items<T> {
  readonly #list: T[] = [];
  readonly #places = new Map<string, number>();

  constructor(private readonly key: (item: T) => string) {}

  get count(): number {
    return this.#list.length;
  }

  add(items: readonly T[]): void {
    for (const item of items) {
      const key = this.key(item);
      if (this.#places.has(key)) continue;
      this.#places.set(key, this.#list.length);
      this.#list.push(item);
    }
  }

  /** As they are now: what is added later is not in it. */
  snapshot() {
    const { count } = this;
    return {
      count,
      at: (place: number): T | undefined => (place >= 0 && place < count ? this.#list[place] : undefined),
      /** -1 when it is not in it. */
      indexOf: (key: string): number => {
        const place = this.#places.get(key) ?? -1;
        return place < count ? place : -1;
      },
      list: (): T[] => this.#list.slice(0, count),
    };
  }
}

/** A list that is loaded from its beginning on. */
export function listRows<T>(items: readonly T[], total: number, key: (item: T) => string): Rows<T> {
  const all = new Items(key);
  all.add(items);
  const isComplete = items.length >= total;
  const { at, indexOf, list } = all.snapshot();
  return { total: isComplete ? all.count : total, isComplete, loaded: list(), at, indexOf };
}

interface Gathered {
  parts: number;
  folders: Items<DriveItem>;
  files: Items<DriveItem>;
}

/** What was gathered up to a part, so that the next part of a long folder costs no more than itself. */
const gathered = new WeakMap<FolderPage, Gathered>();

function gather(pages: readonly FolderPage[]): Gathered {
  const [last, before] = [pages.at(-1), pages.at(-2)];
  const known = before && gathered.get(before);
  const isNext = known?.parts === pages.length - 1;
  const now = isNext ? known : { parts: 0, folders: new Items<DriveItem>(keyOf), files: new Items<DriveItem>(keyOf) };
  for (const page of pages.slice(now.parts)) {
    now.folders.add(page.folders);
    now.files.add(page.files);
  }
  now.parts = pages.length;
  if (isNext) gathered.delete(before as FolderPage);
  if (last) gathered.set(last, now);
  return now;
}

/** The parts of a folder as one list: the folders, then the files. */
export function folderRows(pages: readonly FolderPage[]): Rows<DriveItem> {
  const last = pages.at(-1);
  const isComplete = last !== undefined && pageAfter(pages) === undefined;
  const all = gather(pages);
  const [folders, files] = [all.folders.snapshot(), all.files.snapshot()];
  // Between two parts somebody may have added or removed something; what is loaded in full counts itself.
  const total = (loaded: number, told = 0) => (isComplete ? loaded : Math.max(loaded, told));
  const foldersTotal = total(folders.count, last?.foldersTotal);
  let loaded: DriveItem[] | undefined;
  return {
    total: foldersTotal + total(files.count, last?.filesTotal),
    isComplete,
    get loaded() {
      loaded ??= [...folders.list(), ...files.list()];
      return loaded;
    },
    at: (index) => folders.at(index) ?? files.at(index - foldersTotal),
    indexOf: (key) => {
      const file = files.indexOf(key);
      return file < 0 ? folders.indexOf(key) : foldersTotal + file;
    },
  };
}
