// For the tests of uploads: a server with a store, both of which can be away or refuse.

import { ApiError, UnreachableError } from '@/api/errors';
import type { FileInfo } from '@/api/files';
import { OutcomeUnknownError, StoreError } from '@/api/transfer';
import type { Begun, StoredPart, UploadMode, UploadProgress, Wish } from '@/api/uploads';

import type { Calls, Port } from '@/pages/uploads/passage';
import { Slots } from '@/pages/uploads/slots';

export const PLACE = { space: { kind: 'personal' }, folderId: null } as const;

interface Upload {
  mode: Exclude<UploadMode, 'direct'>;
  path: string;
  size: number;
  chunkSize: number;
  chunks: Map<number, string>;
  status: UploadProgress['status'];
}

const refusal = (status: number, code = 'refused') => new ApiError(status, code, code, status === 503, null);

export class FakeServer {
  mode: UploadMode = 'chunked';
  chunkSize = 4;
  uploads = new Map<string, Upload>();
  /** Path and content of what has become a file. */
  files = new Map<string, string>();
  begun: Wish[] = [];
  cancelled: string[] = [];
  /** What was sent, as `chunked 0` or `store 1`. */
  sent: string[] = [];
  completions: (StoredPart[] | undefined)[] = [];
  /** Taken one by one; a call with a failure in front of it throws that. */
  failures: Partial<Record<keyof Calls | 'store', Error[]>> = {};
  /** The browser does not get to the store. */
  storeAway = false;
  pauses: number[] = [];
  /** Called before each chunk or part is taken. */
  beforeChunk: (number: number) => Promise<void> | void = () => {};
  #ids = 0;

  static unreachable = () => new UnreachableError('away');
  static unknown = () => new OutcomeUnknownError();
  static refusal = refusal;

  #fail(call: keyof Calls | 'store'): void {
    const failure = this.failures[call]?.shift();
    if (failure) throw failure;
  }

  #find(id: string): Upload {
    const upload = this.uploads.get(id);
    if (!upload) throw refusal(404, 'not_found');
    return upload;
  }

  #file(path: string): FileInfo {
    return { id: this.files.size, name: path.slice(path.lastIndexOf('/') + 1) } as FileInfo;
  }

  readonly calls: Calls = {
    begin: async (wish) => {
      this.#fail('begin');
      this.begun.push(wish);
      const direct = wish.size === 0 || (wish.relay && wish.size <= this.chunkSize);
      if (this.mode === 'direct' || direct) return { mode: 'direct' };
      const mode = wish.relay ? 'chunked' : this.mode;
      const chunkSize = mode === 'presigned' ? wish.size : this.chunkSize;
      const id = `u${++this.#ids}`;
      const { path, size } = wish;
      const status = mode === 'chunked' ? 'uploading' : 'presigned';
      this.uploads.set(id, { mode, path, size, chunkSize, chunks: new Map(), status });
      const total_chunks = Math.ceil(size / chunkSize);
      const begun: Begun = {
        mode,
        upload_id: id,
        chunk_size: chunkSize,
        total_chunks,
        expires_at: '2100-01-01T00:00:00Z',
      };
      return mode === 'presigned' ? { ...begun, presigned_url: `${id}/0` } : begun;
    },
    progress: async (_, id) => {
      this.#fail('progress');
      const { mode, size, chunkSize, chunks, status } = this.#find(id);
      const total_chunks = Math.ceil(size / chunkSize);
      const chunks_on_disk = [...chunks.keys()];
      return { upload_id: id, status, mode, total_size: size, chunk_size: chunkSize, total_chunks, chunks_on_disk };
    },
    urls: async (_, id, numbers) => {
      this.#fail('urls');
      this.#find(id);
      return Object.fromEntries(numbers.map((number) => [`${number}`, `${id}/${number - 1}`]));
    },
    complete: async (_, id, parts) => {
      this.#fail('complete');
      this.completions.push(parts);
      const upload = this.#find(id);
      const total = Math.ceil(upload.size / upload.chunkSize);
      if (upload.chunks.size < total) throw refusal(409, 'incomplete');
      upload.status = 'completed';
      const content = Array.from({ length: total }, (_, number) => upload.chunks.get(number)).join('');
      this.files.set(upload.path, content);
      return this.#file(upload.path);
    },
    cancel: async (_, id) => {
      this.#fail('cancel');
      this.cancelled.push(id);
      this.uploads.delete(id);
    },
    putChunk: async (_, id, number, body, { signal, onProgress }) => {
      await this.beforeChunk(number);
      if (signal?.aborted) throw new DOMException('stopped', 'AbortError');
      this.#fail('putChunk');
      this.#find(id).chunks.set(number, await textOf(body));
      this.sent.push(`chunked ${number}`);
      onProgress?.(body.size);
      return { received_count: 0 };
    },
    putWhole: async ({ path }, body, { onProgress }) => {
      this.#fail('putWhole');
      this.files.set(path, await textOf(body));
      this.sent.push('whole');
      onProgress?.(body.size + 200);
      return this.#file(path);
    },
  };

  readonly port: Port = {
    calls: this.calls,
    slots: new Slots(4),
    pause: async (ms) => {
      this.pauses.push(ms);
    },
    online: async () => {},
    sendToStore: async (url, body, { onProgress }) => {
      const [id = '', number] = url.split('/');
      await this.beforeChunk(Number(number));
      this.#fail('store');
      if (this.storeAway) throw new StoreError(0);
      this.#find(id).chunks.set(Number(number), await textOf(body));
      this.sent.push(`store ${number}`);
      onProgress(body.size);
      return `"etag-${number}"`;
    },
  };
}

/** jsdom's Blob has no `text`. */
export function textOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsText(blob);
  });
}
