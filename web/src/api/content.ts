import { call } from './client';
import { csrfToken } from './csrf';
import { ApiError, UnreachableError } from './errors';
import type { FileInfo } from './files';
import { renewLogin } from './renewal';
import { type Space, spacePath } from './spaces';

/** The bytes of a file, or some of them, and the tag of the version they are from. */
export interface Content {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string | null;
  /** Of the whole file. */
  size: number;
}

export interface Range {
  from: number;
  /** The last byte, too. */
  to: number;
}

/** Reads content by its address; `url` may lead to a follower. */
export async function readContent(url: string, signal: AbortSignal, range?: Range): Promise<Content> {
  const headers: HeadersInit = range ? { range: `bytes=${range.from}-${range.to}` } : {};
  const ask = async () => {
    try {
      return await fetch(url, { headers, credentials: 'same-origin', signal });
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new UnreachableError(cause);
    }
  };
  let reply = await ask();
  if (reply.status === 401 && csrfToken() && (await renewLogin())) reply = await ask();
  if (!reply.ok) throw await refusal(reply);
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const whole = /\/(\d+)$/.exec(reply.headers.get('content-range') ?? '')?.[1];
  return { bytes, etag: reply.headers.get('etag'), size: whole ? Number(whole) : bytes.length };
}

async function refusal(reply: Response): Promise<ApiError> {
  const envelope = (await reply.json().catch(() => null)) as {
    msg?: string;
    error?: { code?: string; retryable?: boolean };
  } | null;
  const { code = 'unreadable', retryable = false } = envelope?.error ?? {};
  return new ApiError(reply.status, code, envelope?.msg ?? `${reply.status}`, retryable, null);
}

/** Replaces the content; with a tag only the version that it names. */
export const replaceContent = (space: Space, fileId: number, text: string, etag: string | null) =>
  call<FileInfo>('PUT', `${spacePath(space)}/files/${fileId}/content`, {
    raw: new Blob([text]),
    headers: etag ? { 'if-match': etag } : {},
  });

/** Whether a refusal says that the file is another version by now. */
export const isOtherVersion = (error: unknown): boolean => error instanceof ApiError && error.status === 412;
