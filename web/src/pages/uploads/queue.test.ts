import { beforeEach, expect, it, vi } from 'vitest';

import type { FileInfo } from '@/api/files';

import { FakeServer, PLACE } from '@/testing/uploadServer';
import { canBecome, isSameFile, type UploadItem } from './item';
import { UploadQueue } from './queue';
import { fromRecord, isStale, toRecord } from './records';

/** Bounds a hang and nothing else; a machine may be very busy. */
const PATIENCE_MS = 60_000;

let server: FakeServer;
let kept: Map<string, UploadItem>;
let arrived: FileInfo[];
let queue: UploadQueue;

beforeEach(() => {
  server = new FakeServer();
  kept = new Map();
  arrived = [];
  let ids = 0;
  queue = new UploadQueue({
    port: server.port,
    memory: {
      keep: (items) => {
        for (const item of items) kept.set(item.id, item);
      },
      forget: (ids) => {
        for (const id of ids) kept.delete(id);
      },
    },
    arrived: (_, file) => arrived.push(file),
    newId: () => `i${++ids}`,
  });
});

const file = (name: string, content = 'abcdefghij', lastModified = 5) => new File([content], name, { lastModified });
const entry = (name: string, content?: string) => ({ file: file(name, content), path: name });
const item = (id: string) => queue.all().find((each) => each.id === id);
const status = (id: string) => item(id)?.status;
const becomes = (id: string, expected: UploadItem['status']) =>
  vi.waitFor(() => expect(status(id)).toBe(expected), { timeout: PATIENCE_MS });

/** Holds every chunk back until it is released. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  server.beforeChunk = () => opened;
  return open;
}

it('uploads three files at once and the others after them', async () => {
  const open = gate();
  queue.add(
    ['a', 'b', 'c', 'd'].map((name) => entry(name)),
    PLACE,
  );
  await becomes('i3', 'sending');
  expect(status('i4')).toBe('queued');
  open();
  await becomes('i4', 'done');
  expect([...server.files.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(arrived).toHaveLength(4);
  expect(kept.size).toBe(0);
});

it('keeps what a reload needs as soon as the server has begun', async () => {
  gate();
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'sending');
  expect(kept.get('i1')?.session?.id).toBe('u1');
});

it('pauses and goes on without sending anything twice', async () => {
  server.beforeChunk = (number) => {
    if (number === 2 && server.sent.length < 3) queue.pause('i1');
  };
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'paused');
  server.beforeChunk = () => {};
  queue.resume('i1');
  await becomes('i1', 'done');
  expect(server.files.get('a')).toBe('abcdefghij');
  expect(server.begun).toHaveLength(1);
});

it('cancels: nothing stays on the server, in memory or on the list', async () => {
  gate();
  queue.add([entry('a'), entry('b')], PLACE);
  await becomes('i1', 'sending');
  queue.cancel('i1');
  expect(item('i1')).toBeUndefined();
  expect(server.cancelled).toEqual(['u1']);
  expect([...kept.keys()]).toEqual(['i2']);
});

it('says what failed and tries again when asked', async () => {
  server.failures.begin = [FakeServer.refusal(507, 'quota')];
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'failed');
  expect(item('i1')?.error).toMatchObject({ status: 507 });
  queue.retryAll();
  await becomes('i1', 'done');
});

it('does not send further files to a store that this browser did not reach', async () => {
  server.mode = 'presigned_multipart';
  server.storeAway = true;
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'done');
  expect(item('i1')?.fellBack).toBe(true);
  queue.add([entry('b')], PLACE);
  await becomes('i2', 'done');
  expect(server.begun.map(({ relay }) => relay)).toEqual([false, true, true]);
});

it('goes on after a reload when the same file is chosen again, and with no other', async () => {
  gate();
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'sending');
  const record = toRecord(kept.get('i1') as UploadItem, 7, 'tab');
  server.beforeChunk = () => {};

  const later = new UploadQueue({ port: server.port, memory: { keep: () => {}, forget: () => {} }, arrived: () => {} });
  later.restore([fromRecord(record, undefined)]);
  expect(later.all()[0]?.status).toBe('needs-file');
  const other = file('a', 'abcdefghij', 6);
  expect(later.giveFiles([other])).toEqual([other]);
  expect(later.giveFiles([file('a')])).toEqual([]);
  await vi.waitFor(() => expect(later.all()[0]?.status).toBe('done'), { timeout: PATIENCE_MS });
  expect(server.begun).toHaveLength(1);
});

it('takes a file that is uploaded once more to the same place for the one that was waiting', async () => {
  const [record] = [
    { id: 'x', target: PLACE, path: 'a', size: 10, lastModified: 5, relay: false, userId: 7, tab: 't' },
  ];
  queue.restore([fromRecord(record, undefined)]);
  queue.add([entry('a')], PLACE);
  expect(queue.all()).toHaveLength(1);
  await becomes('x', 'done');
});

it('shows the name that a file got when its own was taken', async () => {
  server.calls.complete = async () => ({ id: 1, name: 'a (1)' }) as FileInfo;
  queue.add([entry('a')], PLACE);
  await becomes('i1', 'done');
  expect(item('i1')?.savedAs).toBe('a (1)');
});

it('clears what is over and nothing else', async () => {
  server.failures.begin = [FakeServer.refusal(400)];
  queue.add([entry('a'), entry('b')], PLACE);
  await becomes('i2', 'done');
  await becomes('i1', 'failed');
  queue.restore([{ ...(item('i1') as UploadItem), id: 'p', status: 'paused' }]);
  queue.clear();
  expect(queue.all().map(({ id }) => id)).toEqual(['p']);
});

it('knows which state follows which', () => {
  expect(canBecome('done', 'queued')).toBe(false);
  expect(canBecome('needs-file', 'sending')).toBe(false);
  expect(canBecome('failed', 'queued')).toBe(true);
});

it('takes a file for the same by name, size and date', () => {
  const source = { target: PLACE, path: 'x/a', size: 10, lastModified: 5 };
  expect(isSameFile(file('a'), source)).toBe(true);
  expect(isSameFile(file('b'), source)).toBe(false);
  expect(isSameFile(file('a', 'abc'), source)).toBe(false);
  expect(isSameFile(file('a', 'abcdefghij', 4), source)).toBe(false);
});

it('forgets an upload that the server has given up', () => {
  const session = {
    id: 'u',
    mode: 'chunked' as const,
    chunkSize: 1,
    totalChunks: 1,
    expiresAt: '2026-01-02T00:00:00Z',
  };
  const record = toRecord(
    {
      ...fromRecord(
        { id: 'x', target: PLACE, path: 'a', size: 1, lastModified: 1, relay: false, userId: 1, tab: 't', session },
        undefined,
      ),
    },
    1,
    't',
  );
  expect(isStale(record, Date.parse('2026-01-01T00:00:00Z'))).toBe(false);
  expect(isStale(record, Date.parse('2026-01-03T00:00:00Z'))).toBe(true);
});
