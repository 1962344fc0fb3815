import { queryOptions } from '@tanstack/react-query';

import { del, get, patch, post } from './client';
import { type Space, spaceKey, spacePath } from './spaces';

export type FileCategory = 'image' | 'video' | 'audio' | 'document' | 'archive' | 'other';

/** A file in a list. `kind` is ours; the server gives files and folders in lists of their own. */
export interface FileItem {
  kind: 'file';
  id: number;
  name: string;
  size: number;
  mime_type: string;
  extension: string | null;
  file_category: FileCategory;
  created_at: string;
  updated_at: string;
  is_locked: boolean;
  is_shared: boolean;
  /** Where it lies; only in what a search found. */
  folder_id?: number | null;
}

/** A folder in a list. */
export interface FolderItem {
  kind: 'folder';
  id: number;
  name: string;
  parent_id: number | null;
  created_at: string;
  updated_at: string;
  is_locked: boolean;
  is_shared: boolean;
}

export type DriveItem = FileItem | FolderItem;

/** Everything about a file. */
export interface FileInfo {
  id: number;
  name: string;
  folder_id: number | null;
  team_id: number | null;
  blob_id: number;
  size: number;
  owner_user_id: number | null;
  created_by_user_id: number;
  created_by_username: string;
  mime_type: string;
  extension: string | null;
  file_category: FileCategory;
  created_at: string;
  updated_at: string;
  is_locked: boolean;
}

export interface Version {
  id: number;
  blob_id: number;
  size: number;
  hash: string;
  created_by_user_id: number;
  created_by_username: string;
  created_at: string;
}

/** A file or folder by what identifies it. */
export type ItemRef = Pick<DriveItem, 'kind' | 'id'>;

/** What became of one call about many items. */
export interface Outcome {
  succeeded: number;
  failed: number;
  errors: { entity_type: 'file' | 'folder'; entity_id: number; code: string; error: string }[];
}

/** Most items that the server takes in one call. */
const BATCH = 1_000;

/** Identifies an item among files and folders, whose ids overlap. */
export const keyOf = (item: ItemRef): string => `${item.kind}-${item.id}`;

export const isFile = (item: DriveItem): item is FileItem => item.kind === 'file';

const pathOf = (space: Space, id: number) => `${spacePath(space)}/files/${id}`;

/** The address of the content; with `inline` for a page to show, always by way of this server. */
export const contentUrl = (space: Space, id: number, inline = false) =>
  `/api/v1${pathOf(space, id)}/download${inline ? '?inline=1' : ''}`;

/** The address of the thumbnail, which may be kept for as long as the file stays as it is. */
export const thumbnailUrl = (space: Space, file: Pick<FileItem, 'id' | 'updated_at'>) =>
  `/api/v1${pathOf(space, file.id)}/thumbnail?v=${encodeURIComponent(file.updated_at)}`;

export const files = {
  read: (space: Space, id: number, signal?: AbortSignal) => get<FileInfo>(pathOf(space, id), { signal }),
  rename: (space: Space, id: number, name: string) => patch<FileInfo>(pathOf(space, id), { name }),
  restoreVersion: (space: Space, id: number, version: number) =>
    post<FileInfo>(`${pathOf(space, id)}/versions/${version}/restore`),
  deleteVersion: (space: Space, id: number, version: number) => del<void>(`${pathOf(space, id)}/versions/${version}`),
};

export const fileQuery = (space: Space, id: number) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'file', id],
    queryFn: ({ signal }) => files.read(space, id, signal),
  });

export const versionsQuery = (space: Space, id: number) =>
  queryOptions({
    queryKey: [...spaceKey(space), 'versions', id],
    queryFn: ({ signal }) => get<Version[]>(`${pathOf(space, id)}/versions`, { signal }),
  });

/** Calls about files and folders together, as many as there are. */
export const batch = {
  trash: (space: Space, items: ItemRef[]) => inBatches(space, 'delete', items),
  move: (space: Space, items: ItemRef[], target: number | null) =>
    inBatches(space, 'move', items, { target_folder_id: target }),
  copy: (space: Space, items: ItemRef[], target: number | null) =>
    inBatches(space, 'copy', items, { target_folder_id: target }),
  /** Where a ZIP of the items can be fetched, once. */
  archive: (space: Space, items: ItemRef[], name: string) =>
    post<{ token: string; path: string; expires_at: string }>(`${spacePath(space)}/batch/archive-download`, {
      ...idsOf(items),
      archive_name: name,
    }),
};

function idsOf(items: ItemRef[]) {
  const ids = (kind: ItemRef['kind']) => items.filter((item) => item.kind === kind).map((item) => item.id);
  return { file_ids: ids('file'), folder_ids: ids('folder') };
}

async function inBatches(space: Space, call: string, items: ItemRef[], more = {}): Promise<Outcome> {
  const whole: Outcome = { succeeded: 0, failed: 0, errors: [] };
  for (let from = 0; from < items.length; from += BATCH) {
    const body = { ...idsOf(items.slice(from, from + BATCH)), ...more };
    const part = await post<Outcome>(`${spacePath(space)}/batch/${call}`, body);
    whole.succeeded += part.succeeded;
    whole.failed += part.failed;
    whole.errors.push(...part.errors);
  }
  return whole;
}

/** Of which files the server makes thumbnails. */
export const thumbnailSupportQuery = queryOptions({
  queryKey: ['thumbnail-support'],
  queryFn: ({ signal }) =>
    get<{ mime_types: string[]; max_source_bytes: number }>('/public/thumbnail-support', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});
