import type { FileInfo } from '@/api/files';
import { type Place, type Space, sameSpace } from '@/api/spaces';

import { canBecome, isActive, isOver, isSameFile, nameOf, type Source, type UploadItem } from './item';
import { type Change, Passage, type Port } from './passage';
import { SpeedMeter } from './speed';

/** Files on their way at once. */
const FILES_AT_ONCE = 3;
/** Between two pictures of the queue for those who show it. */
const TELL_MS = 150;

export interface Entry {
  file: File;
  path: string;
  handle?: FileSystemFileHandle | undefined;
}

/** What outlives a reload. */
export interface Memory {
  keep: (items: UploadItem[]) => void;
  forget: (ids: string[]) => void;
}

export interface Snapshot {
  items: readonly UploadItem[];
  perSecond: number | undefined;
}

export interface QueueOptions {
  port: Port;
  memory: Memory;
  /** Something has arrived in a space. */
  arrived: (space: Space, file: FileInfo) => void;
  now?: () => number;
  newId?: () => string;
}

/** All uploads of this tab, in the order in which they were asked for. */
export class UploadQueue {
  #items = new Map<string, UploadItem>();
  #running = new Map<string, AbortController>();
  #meters = new Map<string, SpeedMeter>();
  #total = new SpeedMeter();
  /** Bytes sent in all, also of what has left the list. */
  #sent = 0;
  #listeners = new Set<() => void>();
  #snapshot: Snapshot = { items: [], perSecond: undefined };
  #telling: ReturnType<typeof setTimeout> | undefined;
  /** After the first file that could not go to its store directly, the others do not try. */
  #relay = false;
  readonly #options: QueueOptions;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  add(entries: Entry[], target: Place): void {
    const fresh: UploadItem[] = [];
    const waiting = this.#waiting();
    for (const { file, path, handle } of entries) {
      const source: Source = { target, path, size: file.size, lastModified: file.lastModified };
      if (waiting.length > 0 && this.#reunite(waiting, file, source)) continue;
      fresh.push(this.#insert({ ...source, file, handle, status: 'queued' }));
    }
    this.#options.memory.keep(fresh);
    this.#advance();
    this.#changed();
  }

  /** Puts back what an earlier load of the page left behind. With a file they go on, without they wait for it. */
  restore(items: UploadItem[]): void {
    for (const item of items) this.#items.set(item.id, item);
    this.#advance();
    this.#changed();
  }

  /** Files that somebody chose again; gives those that belong to nothing here. */
  giveFiles(files: readonly File[]): File[] {
    const waiting = this.#waiting();
    const strangers = files.filter((file) => {
      const at = waiting.findIndex((item) => isSameFile(file, item));
      const [item] = at < 0 ? [] : waiting.splice(at, 1);
      if (item) this.#change(item.id, { file, status: 'queued' });
      return !item;
    });
    this.#advance();
    this.#changed();
    return strangers;
  }

  giveFile(id: string, file: File): void {
    this.#change(id, { file, status: 'queued' });
    this.#advance();
  }

  pause(id: string): void {
    const item = this.#items.get(id);
    if (!item || !isActive(item.status)) return;
    // A whole file that has left altogether: stopping now could only hide whether it arrived.
    if (item.status === 'finishing' && !item.session) return;
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    this.#change(id, { status: 'paused', perSecond: undefined });
    this.#advance();
  }

  /** Also tries again what has failed. */
  resume(id: string): void {
    const item = this.#items.get(id);
    if (item?.status !== 'paused' && item?.status !== 'failed') return;
    this.#change(id, { status: 'queued', error: undefined });
    this.#advance();
  }

  /** Stops it for good; what had arrived is removed. */
  cancel(id: string): void {
    const item = this.#items.get(id);
    if (!item) return;
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    const { session } = item;
    // What cannot be cancelled now ends by itself when it expires.
    if (session && item.status !== 'done')
      void this.#options.port.calls.cancel(item.target.space, session.id).catch(() => {});
    this.#remove([id]);
    this.#advance();
  }

  pauseAll(): void {
    for (const item of this.all()) this.pause(item.id);
  }

  resumeAll(): void {
    for (const item of this.all()) if (item.status === 'paused') this.resume(item.id);
  }

  retryAll(): void {
    for (const item of this.all()) if (item.status === 'failed') this.resume(item.id);
  }

  cancelAll(): void {
    for (const item of this.all()) if (item.status !== 'done') this.cancel(item.id);
  }

  /** Takes what is over off the list. */
  clear(): void {
    this.#remove(
      this.all()
        .filter((item) => isOver(item.status))
        .map((item) => item.id),
    );
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): Snapshot => this.#snapshot;

  /** As they are now, not as they were in the last picture. */
  all(): UploadItem[] {
    return [...this.#items.values()];
  }

  #insert(item: Pick<UploadItem, keyof Source | 'file' | 'handle' | 'status'>): UploadItem {
    const id = (this.#options.newId ?? (() => crypto.randomUUID()))();
    const whole: UploadItem = { ...item, id, sent: 0, relay: false, fellBack: false, beganAnew: false };
    this.#items.set(id, whole);
    return whole;
  }

  #waiting(): UploadItem[] {
    return this.all().filter((item) => item.status === 'needs-file');
  }

  /** Whether the file is one that an upload of before has been waiting for. */
  #reunite(waiting: UploadItem[], file: File, { target, path }: Source): boolean {
    const found = waiting.find(
      (item) =>
        item.path === path &&
        item.target.folderId === target.folderId &&
        sameSpace(item.target.space, target.space) &&
        isSameFile(file, item),
    );
    if (!found) return false;
    waiting.splice(waiting.indexOf(found), 1);
    this.#change(found.id, { file, status: 'queued' });
    return true;
  }

  #advance(): void {
    for (const item of this.#items.values()) {
      if (this.#running.size >= FILES_AT_ONCE) return;
      if (item.status === 'queued' && item.file && !this.#running.has(item.id)) void this.#carry(item, item.file);
    }
  }

  async #carry(item: UploadItem, file: File): Promise<void> {
    const stop = new AbortController();
    const { id } = item;
    this.#running.set(id, stop);
    const isOurs = () => this.#running.get(id) === stop;
    const tell = (change: Change) => {
      if (isOurs()) this.#hear(id, change);
    };
    const relay = item.relay || this.#relay;
    const passage = new Passage({ ...item, file, relay }, this.#options.port, stop.signal, tell);
    try {
      const info = await passage.run();
      if (!isOurs()) return;
      this.#running.delete(id);
      const savedAs = info.name === nameOf(item.path) ? undefined : info.name;
      this.#change(id, { status: 'done', sent: item.size, savedAs, file: undefined, perSecond: undefined });
      this.#options.memory.forget([id]);
      this.#options.arrived(item.target.space, info);
    } catch (error) {
      if (!isOurs()) return;
      this.#running.delete(id);
      this.#change(id, { status: 'failed', error, perSecond: undefined });
    }
    this.#advance();
  }

  #hear(id: string, change: Change): void {
    const before = this.#items.get(id);
    if (!before) return;
    if (change.fellBack) this.#relay = true;
    if (change.sent !== undefined) this.#measure(before, change.sent);
    this.#change(id, change);
    const after = this.#items.get(id);
    if (after && 'session' in change) this.#options.memory.keep([after]);
  }

  #measure(item: UploadItem, sent: number): void {
    const now = (this.#options.now ?? Date.now)();
    const meter = this.#meters.get(item.id) ?? new SpeedMeter();
    this.#meters.set(item.id, meter);
    meter.mark(now, sent);
    // What an upload that goes on has sent before is no speed of today.
    const grown = Math.max(0, sent - item.sent);
    if (item.status === 'sending') this.#sent += grown;
    this.#total.mark(now, this.#sent);
    const current = this.#items.get(item.id);
    if (current) this.#items.set(item.id, { ...current, perSecond: meter.perSecond(now) });
  }

  #change(id: string, change: Partial<UploadItem>): void {
    const item = this.#items.get(id);
    if (!item) return;
    const { status = item.status } = change;
    if (!canBecome(item.status, status)) throw new Error(`an upload that is ${item.status} cannot become ${status}`);
    if (!isActive(status)) this.#meters.delete(id);
    this.#items.set(id, { ...item, ...change });
    this.#changed();
  }

  #remove(ids: string[]): void {
    for (const id of ids) {
      this.#items.delete(id);
      this.#meters.delete(id);
    }
    this.#options.memory.forget(ids);
    this.#changed();
  }

  /** Progress comes many times a second; a new picture for each would be nothing but work. */
  #changed(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const now = (this.#options.now ?? Date.now)();
      const busy = this.#running.size > 0;
      if (!busy) this.#total.stop();
      this.#snapshot = { items: this.all(), perSecond: busy ? this.#total.perSecond(now) : undefined };
      for (const listener of this.#listeners) listener();
    }, TELL_MS);
  }
}
