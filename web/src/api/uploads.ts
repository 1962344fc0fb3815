import { del, get, post } from './client';
import type { FileInfo } from './files';
import { type Place, type Space, spacePath } from './spaces';
import { type SendOptions, sendToServer } from './transfer';

/** How the bytes of a file get to where they are kept; the server chooses. */
export type UploadMode = 'direct' | 'chunked' | 'presigned' | 'presigned_multipart';

/** An upload as the server began it. Everything but the mode is missing in `direct`, which begins nothing. */
export interface Begun {
  mode: UploadMode;
  upload_id?: string;
  chunk_size?: number;
  total_chunks?: number;
  presigned_url?: string;
  expires_at?: string;
}

export interface UploadProgress {
  upload_id: string;
  status: 'uploading' | 'presigned' | 'assembling' | 'completed' | 'failed';
  mode: Exclude<UploadMode, 'direct'>;
  total_size: number;
  chunk_size: number;
  total_chunks: number;
  /** Numbered from 0. */
  chunks_on_disk?: number[];
}

/** A part of a file that is in the store already; numbered from 1, unlike chunks. */
export interface StoredPart {
  part_number: number;
  etag?: string;
}

export interface Wish {
  target: Place;
  /** The name, with the folders before it that the server makes where they lack. */
  path: string;
  size: number;
  /** By way of the server, whatever the policy says. */
  relay: boolean;
}

const pathOf = (space: Space, id: string) => `${spacePath(space)}/files/upload/${id}`;
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

export const uploads = {
  begin: ({ target, path, size, relay }: Wish, signal?: AbortSignal) =>
    post<Begun>(
      `${spacePath(target.space)}/files/upload/init`,
      { filename: nameOf(path), relative_path: path, total_size: size, folder_id: target.folderId, relay },
      { signal },
    ),
  progress: (space: Space, id: string, signal?: AbortSignal) => get<UploadProgress>(pathOf(space, id), { signal }),
  /** Where the parts with these numbers, from 1, are to be sent. */
  urls: (space: Space, id: string, numbers: number[], signal?: AbortSignal) =>
    post<Record<string, string>>(`${pathOf(space, id)}/presign-parts`, { part_numbers: numbers }, { signal }),
  complete: (space: Space, id: string, parts?: StoredPart[], signal?: AbortSignal) =>
    post<FileInfo>(`${pathOf(space, id)}/complete`, parts ? { parts } : undefined, { signal }),
  cancel: (space: Space, id: string) => del<void>(pathOf(space, id)),
  /** One chunk through the server, numbered from 0. */
  putChunk: (space: Space, id: string, number: number, body: Blob, options: SendOptions) =>
    sendToServer<{ received_count: number }>('PUT', `${pathOf(space, id)}/${number}`, body, options),
  /** A whole file in one request. */
  putWhole: ({ target, path, size }: Wish, file: Blob, options: SendOptions) => {
    const form = new FormData();
    form.append('file', file, nameOf(path));
    const query = new URLSearchParams({ relative_path: path, declared_size: `${size}` });
    if (target.folderId !== null) query.set('folder_id', `${target.folderId}`);
    return sendToServer<FileInfo>('POST', `${spacePath(target.space)}/files/upload?${query}`, form, options);
  },
};
