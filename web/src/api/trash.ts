import { infiniteQueryOptions } from '@tanstack/react-query';

import { del, get, post } from './client';
import type { FileCursor } from './folders';
import { type Space, spaceKey, spacePath } from './spaces';

/** Something that was deleted and can come back. */
export interface TrashEntry {
  kind: 'file' | 'folder';
  id: number;
  name: string;
  size: number;
  mime_type: string;
  original_path: string;
  deleted_at: string;
  expires_at: string;
}

interface Contents {
  folders: Omit<TrashEntry, 'kind'>[];
  files: Omit<TrashEntry, 'kind'>[];
  folders_total: number;
  files_total: number;
  next_folder_cursor: FileCursor | null;
  next_file_cursor: FileCursor | null;
}

export interface TrashPage {
  entries: TrashEntry[];
  total: number;
  next: TrashCursor | undefined;
}

/** Where both lists go on; `undefined` for one that has ended. */
export interface TrashCursor {
  folder?: FileCursor | undefined;
  file?: FileCursor | undefined;
}

const LIMIT = 500;
/** A list that has ended is not asked for again, but the server always gives at least one entry of each. */
const LEAST = 1;

async function readPage(space: Space, after: TrashCursor | null, signal: AbortSignal): Promise<TrashPage> {
  const asksFor = (kind: 'folder' | 'file') => after === null || after[kind] !== undefined;
  const query = {
    folder_limit: asksFor('folder') ? LIMIT : LEAST,
    folder_after_value: after?.folder?.value,
    folder_after_id: after?.folder?.id,
    file_limit: asksFor('file') ? LIMIT : LEAST,
    file_after_value: after?.file?.value,
    file_after_id: after?.file?.id,
  };
  const contents = await get<Contents>(`${spacePath(space)}/trash`, { query, signal });
  const folders = asksFor('folder') ? contents.folders.map((entry) => ({ ...entry, kind: 'folder' as const })) : [];
  const files = asksFor('file') ? contents.files.map((entry) => ({ ...entry, kind: 'file' as const })) : [];
  const folder = asksFor('folder') ? (contents.next_folder_cursor ?? undefined) : undefined;
  const file = asksFor('file') ? (contents.next_file_cursor ?? undefined) : undefined;
  return {
    entries: [...folders, ...files],
    total: contents.folders_total + contents.files_total,
    next: folder || file ? { folder, file } : undefined,
  };
}

export const trashQuery = (space: Space) =>
  infiniteQueryOptions({
    queryKey: [...spaceKey(space), 'trash'],
    queryFn: ({ pageParam, signal }) => readPage(space, pageParam, signal),
    initialPageParam: null as TrashCursor | null,
    getNextPageParam: (last) => last.next,
  });

type Ref = Pick<TrashEntry, 'kind' | 'id'>;
const pathOf = (space: Space, { kind, id }: Ref) => `${spacePath(space)}/trash/${kind}/${id}`;

export const trash = {
  restore: (space: Space, entry: Ref) => post<void>(`${pathOf(space, entry)}/restore`),
  purge: (space: Space, entry: Ref) => del<void>(pathOf(space, entry)),
  empty: (space: Space) => del<{ entries: number }>(`${spacePath(space)}/trash`),
};
