import { describe, expect, it } from 'vitest';

import { StoreError } from '@/api/transfer';

import { FakeServer, PLACE } from '@/testing/uploadServer';
import { type Change, Passage, type Passenger, UnclearError } from './passage';

const CONTENT = 'abcdefghij';

function carry(server: FakeServer, more: Partial<Passenger> = {}, content = CONTENT) {
  const told: Change[] = [];
  const stop = new AbortController();
  const item: Passenger = {
    target: PLACE,
    path: 'Photos/a.txt',
    size: content.length,
    lastModified: 1,
    file: new Blob([content]),
    relay: false,
    ...more,
  };
  const passage = new Passage(item, server.port, stop.signal, (change) => told.push(change));
  return { done: passage.run(), told, stop };
}

const statuses = (told: Change[]) =>
  told.flatMap(({ status }) => status ?? []).filter((status, at, all) => status !== all[at - 1]);

describe('the way that the server says', () => {
  it('sends an empty or small file in one request', async () => {
    const server = new FakeServer();
    server.mode = 'direct';
    const { done, told } = carry(server);
    await done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.sent).toEqual(['whole']);
    expect(statuses(told)).toEqual(['starting', 'sending', 'finishing']);
  });

  it('sends a large file in chunks through the server', async () => {
    const server = new FakeServer();
    const { done, told } = carry(server);
    await done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect([...server.sent].sort()).toEqual(['chunked 0', 'chunked 1', 'chunked 2']);
    expect(server.completions).toEqual([undefined]);
    expect(told.flatMap(({ sent }) => sent ?? []).at(-1)).toBe(CONTENT.length);
  });

  it('sends a file at once to the URL that came with the answer', async () => {
    const server = new FakeServer();
    server.mode = 'presigned';
    await carry(server).done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.sent).toEqual(['store 0']);
    expect(server.completions).toEqual([undefined]);
  });

  it('sends parts to their URLs and completes with the tag of each', async () => {
    const server = new FakeServer();
    server.mode = 'presigned_multipart';
    await carry(server).done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.completions).toEqual([
      [
        { part_number: 1, etag: '"etag-0"' },
        { part_number: 2, etag: '"etag-1"' },
        { part_number: 3, etag: '"etag-2"' },
      ],
    ]);
  });
});

describe('a browser that does not get to the store', () => {
  it.each(['presigned', 'presigned_multipart'] as const)('goes by way of the server instead (%s)', async (mode) => {
    const server = new FakeServer();
    server.mode = mode;
    server.storeAway = true;
    const { done, told } = carry(server);
    await done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.begun.map(({ relay }) => relay)).toEqual([false, true]);
    expect(server.cancelled).toEqual(['u1']);
    expect(told).toContainEqual(expect.objectContaining({ fellBack: true, relay: true, session: undefined }));
  });

  it('tries once more with a new URL first: one that has expired is no reason', async () => {
    const server = new FakeServer();
    server.mode = 'presigned_multipart';
    server.failures.store = [new StoreError(403)];
    const { done, told } = carry(server);
    await done;
    expect(server.begun).toHaveLength(1);
    expect(told.some(({ fellBack }) => fellBack)).toBe(false);
  });

  it('waits for the server rather than blaming the store when both are away', async () => {
    const server = new FakeServer();
    server.mode = 'presigned';
    server.failures.store = [new StoreError(0)];
    server.failures.urls = [FakeServer.unreachable(), FakeServer.unreachable()];
    const { done, told } = carry(server);
    await done;
    expect(server.begun).toHaveLength(1);
    expect(statuses(told)).toContain('waiting');
    expect(server.pauses).toEqual([500, 1000]);
  });
});

describe('an upload that goes on', () => {
  it('sends what the server does not have, and nothing twice', async () => {
    const server = new FakeServer();
    const begun = await server.calls.begin({ target: PLACE, path: 'Photos/a.txt', size: 10, relay: false });
    server.uploads.get('u1')?.chunks.set(1, 'efgh');
    const session = {
      id: begun.upload_id ?? '',
      mode: 'chunked' as const,
      chunkSize: 4,
      totalChunks: 3,
      expiresAt: '',
    };
    const { done, told } = carry(server, { session });
    await done;
    expect([...server.sent].sort()).toEqual(['chunked 0', 'chunked 2']);
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(told.flatMap(({ sent }) => sent ?? [])[0]).toBe(4);
    expect(server.begun).toHaveLength(1);
  });

  it('names parts of an earlier visit without a tag', async () => {
    const server = new FakeServer();
    server.mode = 'presigned_multipart';
    await server.calls.begin({ target: PLACE, path: 'Photos/a.txt', size: 10, relay: false });
    server.uploads.get('u1')?.chunks.set(0, 'abcd');
    const session = { id: 'u1', mode: server.mode, chunkSize: 4, totalChunks: 3, expiresAt: '' };
    await carry(server, { session }).done;
    expect(server.completions[0]?.[0]).toEqual({ part_number: 1 });
    expect(server.completions[0]?.[1]).toEqual({ part_number: 2, etag: '"etag-1"' });
  });

  it('begins anew, and says so, when the server has forgotten it', async () => {
    const server = new FakeServer();
    const session = { id: 'gone', mode: 'chunked' as const, chunkSize: 4, totalChunks: 3, expiresAt: '' };
    const { done, told } = carry(server, { session });
    await done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(told).toContainEqual(expect.objectContaining({ beganAnew: true }));
  });

  it('only asks for the file when everything had arrived', async () => {
    const server = new FakeServer();
    await server.calls.begin({ target: PLACE, path: 'Photos/a.txt', size: 10, relay: false });
    const upload = server.uploads.get('u1');
    for (const [number, text] of ['abcd', 'efgh', 'ij'].entries()) upload?.chunks.set(number, text);
    if (upload) upload.status = 'assembling';
    const session = { id: 'u1', mode: 'chunked' as const, chunkSize: 4, totalChunks: 3, expiresAt: '' };
    await carry(server, { session }).done;
    expect(server.sent).toEqual([]);
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
  });
});

describe('failures', () => {
  it('sends a chunk again after a passing one', async () => {
    const server = new FakeServer();
    server.failures.putChunk = [FakeServer.unreachable(), FakeServer.refusal(503)];
    await carry(server).done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
  });

  it('gives up on one that does not pass, and stops what else is on its way', async () => {
    const server = new FakeServer();
    server.failures.putChunk = [FakeServer.refusal(507, 'quota')];
    await expect(carry(server).done).rejects.toMatchObject({ status: 507 });
    expect(server.completions).toEqual([]);
  });

  it('never sends a whole file again when it may have arrived', async () => {
    const server = new FakeServer();
    server.mode = 'direct';
    server.failures.putWhole = [FakeServer.unknown()];
    await expect(carry(server).done).rejects.toBeInstanceOf(UnclearError);
    expect(server.sent).toEqual([]);
  });

  it('asks again while the server puts the file together', async () => {
    const server = new FakeServer();
    const assembling = () => FakeServer.refusal(202, 'upload.assembling');
    server.failures.complete = [assembling(), assembling()];
    await carry(server).done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.pauses).toEqual([1000, 1000]);
  });

  it('sends again what the store does not have after all', async () => {
    const server = new FakeServer();
    let lost = false;
    server.beforeChunk = () => {};
    const complete = server.calls.complete;
    server.calls.complete = (...given) => {
      if (!lost) server.uploads.get('u1')?.chunks.delete(2);
      lost = true;
      return complete(...given);
    };
    await carry(server).done;
    expect(server.files.get('Photos/a.txt')).toBe(CONTENT);
    expect(server.sent.filter((each) => each === 'chunked 2')).toHaveLength(2);
  });

  it('stops at an abort and leaves the upload for later', async () => {
    const server = new FakeServer();
    const { done, stop } = carry(server);
    server.beforeChunk = () => stop.abort();
    await expect(done).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.cancelled).toEqual([]);
    expect(server.uploads.has('u1')).toBe(true);
  });
});
