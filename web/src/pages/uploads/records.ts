import type { Session, Source, UploadItem } from './item';

/** What is kept of an upload while it is not over, so that another load of the page can go on with it. */
export interface UploadRecord extends Source {
  id: string;
  userId: number;
  /** The tab that works on it. */
  tab: string;
  session?: Session;
  relay: boolean;
  handle?: FileSystemFileHandle;
}

const DATABASE = 'aster-uploads';
const STORE = 'records';
/** Read before the database is opened, and before any of this is loaded. */
const HINT = 'aster-uploads';

/** Whether an earlier load of the page left uploads behind. */
export function mayHaveRecords(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

export function toRecord(item: UploadItem, userId: number, tab: string): UploadRecord {
  const { id, target, path, size, lastModified, session, relay, handle } = item;
  return {
    ...{ id, target, path, size, lastModified, relay, userId, tab },
    ...(session && { session }),
    ...(handle && { handle }),
  };
}

export function fromRecord(record: UploadRecord, file: File | undefined): UploadItem {
  const { id, target, path, size, lastModified, session, relay, handle } = record;
  const status = file ? 'queued' : 'needs-file';
  return {
    id,
    target,
    path,
    size,
    lastModified,
    session,
    relay,
    handle,
    file,
    status,
    sent: 0,
    fellBack: false,
    beganAnew: false,
  };
}

/** An upload that the server has given up by now can only begin anew, so it is no longer one. */
export const isStale = (record: UploadRecord, now: number): boolean =>
  record.session !== undefined && Date.parse(record.session.expiresAt) <= now;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function within<T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T> | undefined,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request?.result as T);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/**
 * The records of this browser. A browser that keeps nothing (a private window, a full disk) uploads all the same, and
 * forgets at a reload.
 */
export const records = {
  all: (): Promise<UploadRecord[]> => within<UploadRecord[]>('readonly', (store) => store.getAll()).catch(() => []),

  put: (changed: UploadRecord[]): Promise<void> => {
    if (changed.length === 0) return Promise.resolve();
    hint(true);
    return within('readwrite', (store) => {
      for (const record of changed) store.put(record);
      return undefined;
    }).then(
      () => {},
      () => {},
    );
  },

  remove: async (ids: string[]): Promise<void> => {
    if (ids.length === 0) return;
    try {
      await within('readwrite', (store) => {
        for (const id of ids) store.delete(id);
        return undefined;
      });
      if ((await within<number>('readonly', (store) => store.count())) === 0) hint(false);
    } catch {
      // Nothing was kept.
    }
  },
};

function hint(has: boolean): void {
  try {
    if (has) localStorage.setItem(HINT, '1');
    else localStorage.removeItem(HINT);
  } catch {
    // The next load then looks only when something is uploaded.
  }
}
