import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query';

import { get } from './client';
import type { DriveItem, FileCategory, FileItem, FolderItem } from './files';
import { type Space, spaceKey, spacePath } from './spaces';

/** What is looked for; everything that is given must be so. */
export interface SearchFilter {
  q: string;
  type?: 'file' | 'folder' | undefined;
  category?: FileCategory | undefined;
  /** Separated by commas. */
  extensions?: string | undefined;
  min_size?: number | undefined;
  max_size?: number | undefined;
  created_after?: string | undefined;
  created_before?: string | undefined;
  /** Somewhere below this folder. */
  folder_id?: number | undefined;
}

interface Found {
  files: Omit<FileItem, 'kind'>[];
  folders: Omit<FolderItem, 'kind'>[];
  total_files: number;
  total_folders: number;
  totals_are_exact: boolean;
}

export interface FoundPage {
  items: DriveItem[];
  total: number;
  /** `false` when there are more than `total`, which nobody gets to see. */
  isExact: boolean;
  nextOffset: number | undefined;
}

/** The most that the server gives at once. */
const LIMIT = 100;

async function readPage(space: Space, filter: SearchFilter, offset: number, limit: number, signal: AbortSignal) {
  const query = { ...filter, offset, limit };
  const found = await get<Found>(`${spacePath(space)}/search`, { query, signal });
  const folders = found.folders.map((folder): DriveItem => ({ ...folder, kind: 'folder' }));
  const files = found.files.map((file): DriveItem => ({ ...file, kind: 'file' }));
  const next = offset + limit;
  const page: FoundPage = {
    items: [...folders, ...files],
    total: found.total_folders + found.total_files,
    isExact: found.totals_are_exact,
    nextOffset: next < Math.max(found.total_files, found.total_folders) ? next : undefined,
  };
  return page;
}

export const searchQuery = (space: Space, filter: SearchFilter, limit = LIMIT) =>
  infiniteQueryOptions({
    queryKey: [...spaceKey(space), 'search', filter, limit],
    queryFn: ({ pageParam, signal }) => readPage(space, filter, pageParam, limit, signal),
    initialPageParam: 0,
    getNextPageParam: (last: FoundPage) => last.nextOffset,
    placeholderData: keepPreviousData,
  });
