import { ApiError } from '@/api/errors';
import type { FileInfo } from '@/api/files';
import { OutcomeUnknownError, StoreError } from '@/api/transfer';
import type { Begun, StoredPart, uploads, Wish } from '@/api/uploads';

import type { Session, Source, Status } from './item';
import { bytesOf, lengthOf, missingFrom, rangeOf } from './parts';
import { type Patience, persistently } from './persist';
import type { Slots } from './slots';

/** Chunks of one file on their way at once. */
const CHUNKS_AT_ONCE = 3;
/** URLs asked for at once: each works for an hour, so not many more than are used soon. */
const URLS_AT_ONCE = 20;
/** Times that a store may fail in a row, while the server answers, before the bytes go by way of the server. */
const STORE_TRIES = 2;
/** Times that parts which the store does not have after all are sent again. */
const MOST_ROUNDS = 3;
const ASSEMBLY_PAUSE_MS = 1_000;

export type Calls = Pick<
  typeof uploads,
  'begin' | 'progress' | 'urls' | 'complete' | 'cancel' | 'putChunk' | 'putWhole'
>;

/** What a passage needs of the world. */
export interface Port extends Patience {
  calls: Calls;
  sendToStore: (
    url: string,
    body: Blob,
    options: { signal: AbortSignal; onProgress: (bytes: number) => void },
  ) => Promise<string | null>;
  /** For requests with bytes, of all files together. */
  slots: Slots;
}

export interface Change {
  status?: Status;
  sent?: number;
  session?: Session | undefined;
  relay?: boolean;
  fellBack?: boolean;
  beganAnew?: boolean;
}

export interface Passenger extends Source {
  file: Blob;
  session?: Session | undefined;
  relay: boolean;
}

/** The browser gets to the server and not to the store. */
class NeedsRelay extends Error {}
/** The server has forgotten the upload. */
class Gone extends Error {}

/** A whole file was sent and the answer lost. Sending it again by ourselves might make a second one. */
export class UnclearError extends Error {}

function doubt(error: unknown): never {
  throw error instanceof OutcomeUnknownError ? new UnclearError() : error;
}

/**
 * Brings one file to the server, by the way that the server says, and goes on where an earlier try stood. Ends with the
 * file, or throws; after an abort everything is as it was, and another passage can go on.
 */
export class Passage {
  #item: Passenger;
  #port: Port;
  #signal: AbortSignal;
  #tell: (change: Change) => void;
  /** Bytes of chunks on their way, by number. */
  #underway = new Map<number, number>();
  #durable = 0;
  #status: Status = 'starting';
  /** Requests that wait for the server. */
  #waiting = 0;

  constructor(item: Passenger, port: Port, signal: AbortSignal, tell: (change: Change) => void) {
    this.#item = { ...item };
    this.#port = port;
    this.#signal = signal;
    this.#tell = tell;
  }

  async run(): Promise<FileInfo> {
    for (;;) {
      try {
        return await this.#attempt();
      } catch (error) {
        if (this.#signal.aborted) throw error;
        if (error instanceof NeedsRelay) await this.#turnToRelay();
        else if (error instanceof Gone) this.#forget();
        else throw error;
      }
    }
  }

  async #attempt(): Promise<FileInfo> {
    this.#stand('starting');
    const { session } = this.#item;
    if (session) return this.#continue(session);
    const begun = await this.#persist(() => this.#port.calls.begin(this.#wish(), this.#signal));
    const made = sessionOf(begun);
    if (!made) return this.#sendWhole();
    this.#item.session = made;
    this.#tell({ session: made });
    return this.#sendAll(made, [], begun.presigned_url);
  }

  /** Asks the server what it has, and sends the rest. */
  async #continue(session: Session): Promise<FileInfo> {
    const { space } = this.#item.target;
    const state = await this.#orGone(() => this.#port.calls.progress(space, session.id, this.#signal));
    if (state.status === 'failed' || state.total_size !== this.#item.size) throw new Gone();
    if (state.status === 'completed' || state.status === 'assembling') return this.#complete(session, []);
    return this.#sendAll(session, state.chunks_on_disk ?? []);
  }

  /** Sends what lacks until the server says that it has everything. */
  async #sendAll(session: Session, present: number[], url?: string): Promise<FileInfo> {
    let there = present;
    const etags = new Map<number, string>();
    for (let round = 1; ; round += 1) {
      await this.#sendMissing(session, there, etags, round === 1 ? url : undefined);
      try {
        return await this.#complete(session, partsOf(session, etags));
      } catch (error) {
        const lacks = error instanceof ApiError && error.status === 409 && round < MOST_ROUNDS;
        if (!lacks) throw error;
        const { space } = this.#item.target;
        const state = await this.#orGone(() => this.#port.calls.progress(space, session.id, this.#signal));
        if (state.status === 'failed') throw new Gone();
        there = state.chunks_on_disk ?? [];
      }
    }
  }

  async #sendMissing(session: Session, present: number[], etags: Map<number, string>, url?: string): Promise<void> {
    const layout = { size: this.#item.size, ...session };
    const missing = missingFrom(layout, present);
    this.#durable = bytesOf(layout, present);
    this.#underway.clear();
    this.#stand('sending');
    this.#report();
    const urls = new Urls(this.#port, this.#item, session.id, this.#signal);
    if (url) urls.know(0, url);
    // One that fails stops the others: nobody waits for what is of no use any more.
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const lane = async () => {
      for (let next = missing.shift(); next !== undefined; next = missing.shift()) {
        const number = next;
        const upcoming = [number, ...missing.slice(0, URLS_AT_ONCE - 1)];
        const etag = await this.#port.slots.run(() => this.#sendChunk(session, number, urls, upcoming, signal), signal);
        if (etag) etags.set(number, etag);
        this.#durable += lengthOf(layout, number);
        this.#underway.delete(number);
        this.#report();
      }
    };
    const lanes = Array.from({ length: CHUNKS_AT_ONCE }, () => lane());
    try {
      await Promise.all(lanes);
    } catch (error) {
      stop.abort();
      await Promise.allSettled(lanes);
      throw error;
    }
  }

  async #sendChunk(session: Session, number: number, urls: Urls, upcoming: number[], signal: AbortSignal) {
    const body = this.#item.file.slice(...rangeOf({ size: this.#item.size, ...session }, number));
    const options = { signal, onProgress: (bytes: number) => this.#reportChunk(number, Math.min(bytes, body.size)) };
    if (session.mode === 'chunked') {
      const { space } = this.#item.target;
      await this.#orGone(() => this.#port.calls.putChunk(space, session.id, number, body, options), signal);
      return null;
    }
    for (let attempt = 1; ; attempt += 1) {
      const url = await this.#orGone(() => urls.of(number, upcoming), signal);
      try {
        return await this.#port.sendToStore(url, body, options);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#reportChunk(number, 0);
        // The next URL comes from the server; so when that is away, too, this waits there instead of counting.
        urls.forget(number);
        if (attempt >= STORE_TRIES) {
          await this.#orGone(() => urls.of(number, [number]), signal);
          throw new NeedsRelay();
        }
      }
    }
  }

  async #sendWhole(): Promise<FileInfo> {
    this.#durable = 0;
    this.#underway.clear();
    this.#stand('sending');
    const { size, file } = this.#item;
    const onProgress = (bytes: number) => {
      this.#reportChunk(0, Math.min(bytes, size));
      // The form around the file makes it a little longer than the file.
      if (bytes >= size) this.#stand('finishing');
    };
    const options = { signal: this.#signal, onProgress };
    const send = () => this.#port.calls.putWhole(this.#wish(), file, options);
    try {
      return await this.#persist(() => this.#port.slots.run(send, this.#signal).catch(doubt));
    } finally {
      this.#underway.clear();
    }
  }

  async #complete(session: Session, parts: StoredPart[]): Promise<FileInfo> {
    const given = session.mode === 'presigned_multipart' ? parts : undefined;
    const { space } = this.#item.target;
    this.#stand('finishing');
    this.#tell({ sent: this.#item.size });
    for (;;) {
      try {
        return await this.#orGone(() => this.#port.calls.complete(space, session.id, given, this.#signal));
      } catch (error) {
        // 202: another call, perhaps one of ours whose answer was lost, is making the file.
        if (!(error instanceof ApiError) || error.status !== 202) throw error;
        await this.#port.pause(ASSEMBLY_PAUSE_MS, this.#signal);
      }
    }
  }

  /** Begins anew by way of the server; what had arrived at the store is given up. */
  async #turnToRelay(): Promise<void> {
    const { session, target } = this.#item;
    if (session) await this.#port.calls.cancel(target.space, session.id).catch(() => {});
    this.#item = { ...this.#item, session: undefined, relay: true };
    this.#tell({ session: undefined, relay: true, fellBack: true, sent: 0 });
  }

  #forget(): void {
    this.#item = { ...this.#item, session: undefined };
    this.#tell({ session: undefined, beganAnew: true, sent: 0 });
  }

  #wish(): Wish {
    const { target, path, size, relay } = this.#item;
    return { target, path, size, relay };
  }

  #persist<T>(work: () => Promise<T>, signal = this.#signal): Promise<T> {
    return persistently(work, this.#port, signal, (waits) => {
      this.#waiting += waits ? 1 : -1;
      this.#stand(this.#status);
    });
  }

  #stand(status: Status): void {
    this.#status = status;
    this.#tell({ status: this.#waiting > 0 ? 'waiting' : status });
  }

  async #orGone<T>(work: () => Promise<T>, signal = this.#signal): Promise<T> {
    try {
      return await this.#persist(work, signal);
    } catch (error) {
      throw error instanceof ApiError && (error.status === 404 || error.status === 410) ? new Gone() : error;
    }
  }

  #reportChunk(number: number, bytes: number): void {
    this.#underway.set(number, bytes);
    this.#report();
  }

  #report(): void {
    const underway = [...this.#underway.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#tell({ sent: Math.min(this.#item.size, this.#durable + underway) });
  }
}

function sessionOf(begun: Begun): Session | undefined {
  if (begun.mode === 'direct') return undefined;
  const { upload_id, chunk_size, total_chunks, expires_at } = begun;
  if (!upload_id || !chunk_size || !total_chunks || !expires_at)
    throw new Error(`the server began ${begun.mode} without saying how`);
  return { id: upload_id, mode: begun.mode, chunkSize: chunk_size, totalChunks: total_chunks, expiresAt: expires_at };
}

/** All parts; the ETag of those that an earlier visit sent is not known here, and the server does without. */
function partsOf({ totalChunks }: Session, etags: Map<number, string>): StoredPart[] {
  return Array.from({ length: totalChunks }, (_, number) => {
    const etag = etags.get(number);
    return etag ? { part_number: number + 1, etag } : { part_number: number + 1 };
  });
}

/** Presigned URLs, fetched for some chunks at a time. */
class Urls {
  #known = new Map<number, string>();
  #asking: Promise<void> | undefined;

  constructor(
    private readonly port: Port,
    private readonly item: Source,
    private readonly id: string,
    private readonly signal: AbortSignal,
  ) {}

  know(number: number, url: string): void {
    this.#known.set(number, url);
  }

  forget(number: number): void {
    this.#known.delete(number);
  }

  async of(number: number, upcoming: number[]): Promise<string> {
    for (;;) {
      const known = this.#known.get(number);
      if (known) return known;
      // Lanes that lack a URL at the same time share one call; it may not have been about this chunk.
      this.#asking ??= this.#ask(upcoming).finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
  }

  async #ask(numbers: number[]): Promise<void> {
    const parts = numbers.map((number) => number + 1);
    const urls = await this.port.calls.urls(this.item.target.space, this.id, parts, this.signal);
    for (const [part, url] of Object.entries(urls)) this.#known.set(Number(part) - 1, url);
  }
}
