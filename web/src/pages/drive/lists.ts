import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query';

import type { FolderPage, Sort } from '@/api/folders';
import type { FoundPage } from '@/api/search';
import { changedKeys, type Space, spaceKey } from '@/api/spaces';
import { announce } from '@/api/tabs';
import type { TrashPage } from '@/api/trash';

/** Parts of a list beyond which it is not read anew as a whole by itself: that would be a request for each part. */
const LONG_LIST = 6;

export const isLong = (query: Pick<Query, 'state'>): boolean => {
  const pages = (query.state.data as { pages?: unknown[] } | undefined)?.pages;
  return Array.isArray(pages) && pages.length > LONG_LIST;
};

/**
 * Reads a space anew, here and in the other tabs. Of a long list on the screen the change has been made in place already;
 * it is read anew when it is opened again or when somebody asks for it.
 */
export async function refreshSpace(client: QueryClient, space: Space): Promise<void> {
  const keys = changedKeys(space);
  announce({ kind: 'changed', keys });
  const read = keys.map((queryKey) => client.invalidateQueries({ queryKey, predicate: (query) => !isLong(query) }));
  const later = keys.map((queryKey) => client.invalidateQueries({ queryKey, refetchType: 'none' }));
  await Promise.all([...read, ...later]);
}

/** How the lists of a space change before the server has answered. */
export interface ListEdits {
  folder?: (pages: FolderPage[], folder: { id: number | null; sort: Sort }) => FolderPage[];
  found?: (pages: FoundPage[]) => FoundPage[];
  trash?: (pages: TrashPage[]) => TrashPage[];
}

/** Changes the lists of a space at once; gives what takes the change back. */
export async function editLists(client: QueryClient, space: Space, edits: ListEdits): Promise<() => void> {
  // An answer that is on its way was made before the change.
  await client.cancelQueries({ queryKey: spaceKey(space), predicate: ({ queryKey }) => isList(queryKey) });
  const before = client.getQueriesData<InfiniteData<unknown>>({
    queryKey: spaceKey(space),
    predicate: ({ queryKey }) => isList(queryKey),
  });
  for (const [queryKey, data] of before) {
    if (data) client.setQueryData(queryKey, { ...data, pages: editPages(queryKey, data.pages, edits) });
  }
  return () => {
    for (const [queryKey, data] of before) client.setQueryData(queryKey, data);
  };
}

const isList = (key: QueryKey) => key[2] === 'folder' || key[2] === 'search' || key[2] === 'trash';

function editPages(key: QueryKey, pages: unknown[], edits: ListEdits): unknown[] {
  const [, , what, id, sort] = key;
  if (what === 'folder' && edits.folder) {
    return edits.folder(pages as FolderPage[], { id: id as number | null, sort: sort as Sort });
  }
  if (what === 'search' && edits.found) return edits.found(pages as FoundPage[]);
  if (what === 'trash' && edits.trash) return edits.trash(pages as TrashPage[]);
  return pages;
}
