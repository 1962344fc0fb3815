import { onlineManager, type QueryKey } from '@tanstack/react-query';

import { meQuery } from '@/api/session';
import { changedKeys, type Space, spaceName } from '@/api/spaces';
import { announce } from '@/api/tabs';
import { abortError, sendToStore } from '@/api/transfer';
import { uploads as calls } from '@/api/uploads';
import { queryClient } from '@/app/queries';

import { wouldBeLost } from './item';
import type { Port } from './passage';
import { UploadQueue } from './queue';
import { fromRecord, isStale, records, toRecord, type UploadRecord } from './records';
import { Slots } from './slots';
import { isFree, oneAtATime, thisTab } from './tab';

/** Browsers open six connections to a server; some stay free for everything else. */
const REQUESTS_AT_ONCE = 4;
/** A thousand small files must not mean a thousand times the same list. */
const REREAD_MS = 1_500;

const port: Port = {
  calls,
  sendToStore,
  slots: new Slots(REQUESTS_AT_ONCE),
  pause: (ms, signal) =>
    until(signal, (done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    }),
  online: (signal) =>
    until(signal, (done) => {
      if (onlineManager.isOnline()) done();
      return onlineManager.subscribe((online) => online && done());
    }),
};

/** Resolves when `begin` calls back, rejects at an abort; either way what `begin` gave is called. */
function until(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let end = () => {};
    const stopped = () => {
      end();
      reject(abortError());
    };
    if (signal.aborted) return stopped();
    signal.addEventListener('abort', stopped, { once: true });
    end = begin(() => {
      signal.removeEventListener('abort', stopped);
      // Not before `end` is known.
      queueMicrotask(() => end());
      resolve();
    });
  });
}

let tab = '';
const userId = () => queryClient.getQueryData(meQuery.queryKey)?.id ?? 0;

export const queue = new UploadQueue({
  port,
  memory: {
    keep: (items) => void records.put(items.map((item) => toRecord(item, userId(), tab))),
    forget: (ids) => void records.remove(ids),
  },
  arrived: (space) => rereadSoon(space),
});

const changed = new Map<string, Space>();
let rereading: ReturnType<typeof setTimeout> | undefined;

function rereadSoon(space: Space): void {
  changed.set(spaceName(space), space);
  if (rereading) return;
  rereading = setTimeout(() => {
    rereading = undefined;
    const keys: QueryKey[] = [...changed.values()].flatMap((each) => [...changedKeys(each)]);
    changed.clear();
    announce({ kind: 'changed', keys });
    for (const queryKey of keys) void queryClient.invalidateQueries({ queryKey });
  }, REREAD_MS);
}

/** Before anything is uploaded: who this tab is, and what it or a closed one left behind. */
export const ready: Promise<void> = start();

async function start(): Promise<void> {
  try {
    tab = await thisTab();
  } catch {
    // Without storage nothing is left behind, either.
  }
  const left = await oneAtATime(takeOver);
  queue.restore(await Promise.all(left.map(async (record) => fromRecord(record, await readable(record)))));
}

/** What this tab goes on with from now on. */
async function takeOver(): Promise<UploadRecord[]> {
  const mine: UploadRecord[] = [];
  for (const record of await records.all()) {
    if (record.userId === userId() && (await isFree(record.tab, tab))) mine.push(record);
  }
  const alive = mine.filter((record) => !isStale(record, Date.now()));
  await records.remove(mine.filter((record) => !alive.includes(record)).map((record) => record.id));
  await records.put(alive.map((record) => ({ ...record, tab })));
  return alive;
}

/** The file, where the browser still lets us read it without asking. */
async function readable({ handle, size, lastModified }: UploadRecord): Promise<File | undefined> {
  try {
    if ((await handle?.queryPermission?.({ mode: 'read' })) !== 'granted') return undefined;
    return sameOrNone(await handle?.getFile(), size, lastModified);
  } catch {
    return undefined;
  }
}

/** Asks the person for the file behind a handle. Only within a press of a button. */
export async function askForFile(handle: FileSystemFileHandle, size: number, lastModified: number) {
  if ((await handle.requestPermission?.({ mode: 'read' })) !== 'granted') return undefined;
  return sameOrNone(await handle.getFile(), size, lastModified);
}

const sameOrNone = (file: File | undefined, size: number, lastModified: number) =>
  file && file.size === size && file.lastModified === lastModified ? file : undefined;

window.addEventListener('beforeunload', (event) => {
  if (queue.all().some((item) => wouldBeLost(item.status))) event.preventDefault();
});

declare global {
  interface FileSystemFileHandle {
    queryPermission?: (options: { mode: 'read' }) => Promise<PermissionState>;
    requestPermission?: (options: { mode: 'read' }) => Promise<PermissionState>;
  }
}
