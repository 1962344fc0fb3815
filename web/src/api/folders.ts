import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { get, patch, post } from './client';
import type { FileItem, FolderItem } from './files';
import { type Space, spaceKey, spacePath } from './spaces';

export const SORT_KEYS = ['name', 'size', 'type', 'created_at', 'updated_at'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  by: SortKey;
  order: 'asc' | 'desc';
}

export interface FolderInfo {
  id: number;
  name: string;
  parent_id: number | null;
  team_id: number | null;
  owner_user_id: number | null;
  created_by_user_id: number;
  created_at: string;
  updated_at: string;
  is_locked: boolean;
}

/** A folder with what lies below it. */
export interface MeasuredFolder extends FolderInfo {
  total_folders: number;
  total_files: number;
  total_size: number;
}

export interface Ancestor {
  id: number;
  name: string;
}

export interface FileCursor {
  value: string;
  id: number;
}

/** A part of a folder as the server gives it. */
interface Contents {
  folders: Omit<FolderItem, 'kind'>[];
  files: Omit<FileItem, 'kind'>[];
  folders_total: number;
  files_total: number;
  next_file_cursor: FileCursor | null;
}

/** A part of a folder. */
export interface FolderPage {
  folders: FolderItem[];
  files: FileItem[];
  foldersTotal: number;
  filesTotal: number;
  /** Where the next files begin; `null` after the last. */
  nextFile: FileCursor | null;
}

/** Which part is asked for: folders by number, files behind a file. */
export interface PageOf {
  folders: { offset: number; limit: number };
  files: { after: FileCursor | null; limit: number };
}

/** The first part is small, so that something is there at once. */
export const FIRST_PAGE: PageOf = { folders: { offset: 0, limit: 200 }, files: { after: null, limit: 100 } };
/** Most that the server gives of each. */
const MOST = 1_000;

/** What comes after these parts: the rest of the folders first, then of the files. */
export function pageAfter(pages: readonly FolderPage[]): PageOf | undefined {
  const last = pages.at(-1);
  if (!last) return FIRST_PAGE;
  const folders = pages.reduce((sum, page) => sum + page.folders.length, 0);
  // A page without folders ends them, whatever the total says: somebody may have removed some meanwhile.
  const moreFolders = folders < last.foldersTotal && (pages.length === 1 || last.folders.length > 0);
  if (moreFolders) {
    return { folders: { offset: folders, limit: MOST }, files: { after: last.nextFile, limit: 0 } };
  }
  if (!last.nextFile) return undefined;
  return { folders: { offset: folders, limit: 0 }, files: { after: last.nextFile, limit: MOST } };
}

const listPath = (space: Space, folderId: number | null) =>
  `${spacePath(space)}/folders${folderId === null ? '' : `/${folderId}`}`;

async function readPage(space: Space, id: number | null, sort: Sort, page: PageOf, signal: AbortSignal) {
  const query = {
    sort_by: sort.by,
    sort_order: sort.order,
    folder_offset: page.folders.offset,
    folder_limit: page.folders.limit,
    file_limit: page.files.limit,
    file_after_value: page.files.after?.value,
    file_after_id: page.files.after?.id,
  };
  const contents = await get<Contents>(listPath(space, id), { query, signal });
  return pageOf(contents, page);
}

function pageOf(contents: Contents, asked: PageOf): FolderPage {
  return {
    folders: contents.folders.map((folder) => ({ ...folder, kind: 'folder' })),
    files: contents.files.map((file) => ({ ...file, kind: 'file' })),
    foldersTotal: contents.folders_total,
    filesTotal: contents.files_total,
    // Where no files were asked for, the files go on where they were.
    nextFile: asked.files.limit === 0 ? asked.files.after : contents.next_file_cursor,
  };
}

/** All lists of one folder, whatever they are sorted by. */
export const folderKey = (space: Space, id: number | null) => [...spaceKey(space), 'folder', id] as const;

/** Everything in a folder, part by part. */
export const folderQuery = (space: Space, id: number | null, sort: Sort) =>
  infiniteQueryOptions({
    queryKey: [...folderKey(space, id), sort],
    queryFn: ({ pageParam, signal }) => readPage(space, id, sort, pageParam, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (_last, pages) => pageAfter(pages),
    // Comparing every item of a long folder with what was there costs more than drawing a screen of rows.
    structuralSharing: false,
  });

/** The folders of a folder, for trees. What lies beyond a thousand is found in the folder itself. */
export const subfoldersQuery = (space: Space, id: number | null) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'tree', id],
    queryFn: ({ signal }) => {
      const page: PageOf = { folders: { offset: 0, limit: MOST }, files: { after: null, limit: 0 } };
      return readPage(space, id, { by: 'name', order: 'asc' }, page, signal);
    },
  });

/** The folders above a folder and it itself, the topmost first. */
export const ancestorsQuery = (space: Space, id: number) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'ancestors', id],
    queryFn: ({ signal }) => get<Ancestor[]>(`${listPath(space, id)}/ancestors`, { signal }),
  });

export const measuredQuery = (space: Space, id: number) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'measured', id],
    queryFn: ({ signal }) => get<MeasuredFolder>(`${listPath(space, id)}/info`, { signal }),
  });

export const folders = {
  create: (space: Space, parent: number | null, name: string) =>
    post<FolderInfo>(`${spacePath(space)}/folders`, { name, parent_id: parent }),
  rename: (space: Space, id: number, name: string) => patch<FolderInfo>(listPath(space, id), { name }),
};
