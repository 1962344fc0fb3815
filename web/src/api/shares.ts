import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { call, del, get, patch, post } from './client';
import type { ItemRef, Outcome } from './files';
import type { Page, PageRequest } from './page';
import { type Space, spaceKey, spaceName, spacePath } from './spaces';

export type ShareStatus = 'active' | 'expired' | 'exhausted' | 'unavailable';

/** A share as its owner sees it. */
export interface Share {
  id: number;
  token: string;
  target: { type: ItemRef['kind']; id: number };
  resource_name: string;
  resource_type: ItemRef['kind'];
  has_password: boolean;
  status: ShareStatus;
  expires_at: string | null;
  /** 0 is unlimited. */
  max_downloads: number;
  remaining_downloads: number | null;
  download_count: number;
  view_count: number;
  created_at: string;
  updated_at: string;
}

export interface ShareTerms {
  /** Missing keeps it, empty removes it. */
  password?: string;
  expires_at: string | null;
  max_downloads: number;
}

const MOST = 100;
const pathOf = (space: Space) => `${spacePath(space)}/shares`;

export const shareKeys = (space: Space) => [['shares', spaceName(space)], spaceKey(space)] as const;

/** The address to hand out. */
export const shareUrl = (share: Pick<Share, 'token'>) => `${window.location.origin}/s/${share.token}`;

export const shares = {
  create: (space: Space, item: ItemRef, terms: ShareTerms) =>
    post<Share>(pathOf(space), { target: { type: item.kind, id: item.id }, ...terms }),
  change: (space: Space, id: number, terms: ShareTerms) => patch<Share>(`${pathOf(space)}/${id}`, terms),
  remove: (space: Space, id: number) => del<void>(`${pathOf(space)}/${id}`),
  removeMany: (space: Space, ids: number[]) => post<Outcome>(`${pathOf(space)}/batch-delete`, { share_ids: ids }),
  /** The share of an item, if it has one; the server has no question for that. */
  find: async (space: Space, item: ItemRef, signal?: AbortSignal): Promise<Share | null> => {
    for (let offset = 0; ; offset += MOST) {
      const page = await get<Page<Share>>(pathOf(space), { query: { limit: MOST, offset }, signal });
      const found = page.items.find(({ target }) => target.type === item.kind && target.id === item.id);
      if (found) return found;
      if (page.items.length === 0 || offset + page.items.length >= page.total) return null;
    }
  },
};

export const sharesQuery = (space: Space, page: PageRequest) =>
  queryOptions({
    queryKey: ['shares', spaceName(space), page],
    queryFn: ({ signal }) => get<Page<Share>>(pathOf(space), { query: { ...page }, signal }),
    placeholderData: keepPreviousData,
  });

export const shareOfQuery = (space: Space, item: ItemRef) =>
  queryOptions({
    queryKey: ['shares', spaceName(space), 'of', item.kind, item.id],
    queryFn: ({ signal }) => shares.find(space, item, signal),
  });

/** What a visitor sees of a share before anything else. */
export interface ShareView {
  name: string;
  share_type: ItemRef['kind'];
  has_password: boolean;
  is_unlocked: boolean;
  expires_at: string | null;
  download_count: number;
  view_count: number;
  max_downloads: number;
  /** Of a file, once it is unlocked. */
  mime_type: string | null;
  size: number | null;
  shared_by: string;
}

export interface PublicFile {
  id: number;
  name: string;
  size: number;
  mime_type: string;
  extension: string | null;
  file_category: string;
  updated_at: string;
}

export interface PublicFolder {
  id: number;
  name: string;
  updated_at: string;
}

export interface PublicContents {
  folders: PublicFolder[];
  files: PublicFile[];
  folders_total: number;
  files_total: number;
  next_file_cursor: { value: string; id: number } | null;
}

const publicPath = (token: string) => `/s/${encodeURIComponent(token)}`;
/** Visitors have no login that could be renewed. */
const visitor = { keepsLogin: true } as const;

export const visits = {
  unlock: (token: string, password: string) => post<void>(`${publicPath(token)}/verify`, { password }, visitor),
  /** The address of a file's content; `null` is the shared file itself. `inline` is for a page to show. */
  contentUrl: (token: string, fileId: number | null, inline: boolean) =>
    `/api/v1${publicPath(token)}${fileId === null ? '' : `/files/${fileId}`}/download${inline ? '?inline=1' : ''}`,
  allUrl: (token: string) => `/api/v1${publicPath(token)}/download-all`,
};

/** Each look is counted, so it is not repeated without need. */
export const visitQuery = (token: string) =>
  queryOptions({
    queryKey: ['visit', token],
    queryFn: ({ signal }) => get<ShareView>(publicPath(token), { ...visitor, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });

const FILES = 500;
const FOLDERS = 1_000;

export const publicFolder = (
  token: string,
  folderId: number | undefined,
  cursor: PublicContents['next_file_cursor'],
  signal: AbortSignal,
) =>
  call<PublicContents>('GET', `${publicPath(token)}${folderId ? `/folders/${folderId}` : ''}/content`, {
    ...visitor,
    query: {
      file_limit: FILES,
      // The folders came with the first part.
      folder_limit: cursor ? 0 : FOLDERS,
      file_after_value: cursor?.value,
      file_after_id: cursor?.id,
    },
    signal,
  });
