import type { DriveItem, FileItem, FolderItem } from '@/api/files';
import type { FolderPage } from '@/api/folders';

const TIME = '2026-01-01T00:00:00Z';
const marks = { created_at: TIME, updated_at: TIME, is_locked: false, is_shared: false };

export function fileWith(id: number, change: Partial<FileItem> = {}): FileItem {
  return {
    kind: 'file',
    id,
    name: `file ${id}`,
    size: 0,
    mime_type: 'text/plain',
    extension: null,
    file_category: 'document',
    ...marks,
    ...change,
  };
}

export function folderWith(id: number, change: Partial<FolderItem> = {}): FolderItem {
  return { kind: 'folder', id, name: `folder ${id}`, parent_id: null, ...marks, ...change };
}

interface Part {
  folders?: number[];
  files?: number[];
  foldersTotal: number;
  filesTotal: number;
  /** The file behind which the next part begins. */
  next?: number;
}

export function pageWith({ folders = [], files = [], foldersTotal, filesTotal, next }: Part): FolderPage {
  return {
    folders: folders.map((id) => folderWith(id)),
    files: files.map((id) => fileWith(id)),
    foldersTotal,
    filesTotal,
    nextFile: next === undefined ? null : { value: `file ${next}`, id: next },
  };
}

export const names = (items: readonly (DriveItem | undefined)[]) => items.map((item) => item?.name);
