import type { Place } from '@/api/spaces';
import type { UploadMode } from '@/api/uploads';

/**
 * Where an upload stands.
 *
 * ```text
 * queued ─► starting ─► sending ─► finishing ─► done
 *   ▲          │  ▲       │  ▲ │        │
 *   │          ▼  │       ▼  │ └────────┴─────► failed ─► queued (try again)
 *   │         waiting (server away) │
 *   ├──── paused ◄────────┴─────────┘
 *   └──── needs-file (after a reload, until the file is chosen again)
 * ```
 */
export type Status =
  | 'queued'
  | 'starting'
  | 'sending'
  | 'waiting'
  | 'finishing'
  | 'paused'
  | 'needs-file'
  | 'done'
  | 'failed';

const NEXT: Record<Status, readonly Status[]> = {
  queued: ['starting', 'paused'],
  starting: ['sending', 'waiting', 'finishing', 'paused', 'failed'],
  sending: ['finishing', 'waiting', 'starting', 'paused', 'failed'],
  waiting: ['starting', 'sending', 'finishing', 'paused', 'failed'],
  finishing: ['done', 'sending', 'waiting', 'starting', 'paused', 'failed'],
  paused: ['queued'],
  'needs-file': ['queued'],
  failed: ['queued'],
  done: [],
};

export const canBecome = (from: Status, to: Status): boolean => from === to || NEXT[from].includes(to);

/** A connection is at work or will be as soon as there is one. */
export const isActive = (status: Status): boolean =>
  status === 'queued' ||
  status === 'starting' ||
  status === 'sending' ||
  status === 'waiting' ||
  status === 'finishing';

/** Neither needs nor takes anything more. */
export const isOver = (status: Status): boolean => status === 'done' || status === 'failed';

/** Leaving the page now would stop it. */
export const wouldBeLost = (status: Status): boolean => isActive(status) || status === 'paused';

/** An upload that the server has begun. */
export interface Session {
  id: string;
  mode: Exclude<UploadMode, 'direct'>;
  chunkSize: number;
  totalChunks: number;
  expiresAt: string;
}

/** What is known of a file before it is uploaded, and what finds it again after a reload. */
export interface Source {
  target: Place;
  path: string;
  size: number;
  lastModified: number;
}

export interface UploadItem extends Source {
  id: string;
  status: Status;
  /** Bytes that have left, with those on their way. */
  sent: number;
  /** `undefined` while the browser has no file. */
  file?: File | undefined;
  handle?: FileSystemFileHandle | undefined;
  session?: Session | undefined;
  /** Goes by way of the server. */
  relay: boolean;
  /** It was to go to the storage directly, and the browser did not get there. */
  fellBack: boolean;
  /** What had been sent was no longer there. */
  beganAnew: boolean;
  error?: unknown;
  /** The name that it got, where another file had its own. */
  savedAs?: string | undefined;
  perSecond?: number | undefined;
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The same file, as far as a browser can tell. */
export function isSameFile(file: Pick<File, 'name' | 'size' | 'lastModified'>, source: Source): boolean {
  return file.name === nameOf(source.path) && file.size === source.size && file.lastModified === source.lastModified;
}
