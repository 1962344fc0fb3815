import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { batch, type DriveItem, files, type ItemRef, keyOf, type Outcome } from '@/api/files';
import { folders } from '@/api/folders';
import { locks } from '@/api/locks';
import type { Space } from '@/api/spaces';
import { trash } from '@/api/trash';
import { tellDone, tellFailed, useTellFailure } from '@/components/notify';

import { inTurns } from './inTurns';
import { addToFolder, changed, type Edit, editFolder, editFound, takeFromTrash, without } from './listing/edits';
import { editLists, type ListEdits, refreshSpace } from './lists';
import { offerUndo } from './undo';

const everywhere = (edit: Edit): ListEdits => ({
  folder: (pages) => editFolder(pages, edit),
  found: (pages) => editFound(pages, edit),
});

/** Only in lists of one folder: what moves out of it stays in what a search found. */
const inFolder = (id: number | null, edit: Edit): ListEdits => ({
  folder: (pages, folder) => (folder.id === id ? editFolder(pages, edit) : pages),
});

const outOfTrash = (items: ItemRef[]): ListEdits => ({ trash: (pages) => takeFromTrash(pages, items) });

interface Tools {
  client: QueryClient;
  t: ReturnType<typeof useTranslation<'drive'>>['t'];
  tell: (error: unknown) => void;
}

/** Changes of a space. Each shows at once; what the server refuses is taken back and said. */
export function useChanges(space: Space): Changes {
  const client = useQueryClient();
  const { t } = useTranslation('drive');
  const tell = useTellFailure();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tell` only depends on the language, as `t` does
  return useMemo(() => new Changes(space, { client, t, tell }), [space, client, t]);
}

export class Changes {
  constructor(
    private readonly space: Space,
    private readonly tools: Tools,
  ) {}

  /** Fails with what the server says, for the field to show. */
  async rename(item: DriveItem, name: string): Promise<void> {
    const calls = item.kind === 'file' ? files : folders;
    await this.#show(everywhere(changed(item, { name })), async () => {
      await calls.rename(this.space, item.id, name);
    });
  }

  /** Fails with what the server says, for the field to show. */
  async createFolder(parent: number | null, name: string): Promise<DriveItem> {
    const { client } = this.tools;
    const made = await folders.create(this.space, parent, name);
    const item: DriveItem = { ...made, kind: 'folder', is_shared: false };
    await editLists(client, this.space, {
      folder: (pages, folder) => (folder.id === parent ? addToFolder(pages, item, folder.sort) : pages),
    });
    void refreshSpace(client, this.space);
    return item;
  }

  async trash(items: DriveItem[]): Promise<void> {
    const done = await this.#many(everywhere(without(items)), items, () => batch.trash(this.space, items));
    if (done.length > 0) this.#undoable('changes.trashed', done, () => this.restore(done));
  }

  /** `from` is the folder that the items are in, if that is one. */
  async move(items: DriveItem[], to: number | null, from: number | null | undefined): Promise<void> {
    // What a search found stays found.
    const edits = from === undefined ? {} : inFolder(from, without(items));
    const done = await this.#many(edits, items, () => batch.move(this.space, items, to));
    if (done.length === 0) return;
    if (from === undefined) return tellDone(this.#sentence('changes.moved', done));
    const back = () => this.#many({}, done, () => batch.move(this.space, done, from));
    this.#undoable('changes.moved', done, back);
  }

  async copy(items: DriveItem[], to: number | null): Promise<void> {
    const done = await this.#many({}, items, () => batch.copy(this.space, items, to));
    if (done.length > 0) tellDone(this.#sentence('changes.copied', done));
  }

  async lock(item: DriveItem, locked: boolean): Promise<void> {
    await this.#try(everywhere(changed(item, { is_locked: locked })), async () => {
      await locks.set(this.space, item, locked);
    });
  }

  /** Gives whether everything is back. */
  restore(items: ItemRef[]): Promise<boolean> {
    return this.#try(outOfTrash(items), () => inTurns(items, (item) => trash.restore(this.space, item)));
  }

  purge(items: ItemRef[]): Promise<boolean> {
    return this.#try(outOfTrash(items), () => inTurns(items, (item) => trash.purge(this.space, item)));
  }

  emptyTrash(): Promise<boolean> {
    const empty: ListEdits = {
      trash: (pages) => pages.slice(0, 1).map(() => ({ entries: [], total: 0, next: undefined })),
    };
    return this.#try(empty, async () => {
      await trash.empty(this.space);
    });
  }

  /** Shows `edits`, calls, and takes them back when that fails. */
  async #show<T>(edits: ListEdits, call: () => Promise<T>): Promise<T> {
    const { client } = this.tools;
    const takeBack = await editLists(client, this.space, edits);
    try {
      return await call();
    } catch (error) {
      takeBack();
      throw error;
    } finally {
      void refreshSpace(client, this.space);
    }
  }

  /** The same, and says the failure; gives whether it was done. */
  async #try(edits: ListEdits, call: () => Promise<void>): Promise<boolean> {
    try {
      await this.#show(edits, call);
      return true;
    } catch (error) {
      this.tools.tell(error);
      return false;
    }
  }

  /** One call about many items; says which were not done and gives those that were. */
  async #many(edits: ListEdits, items: DriveItem[], call: () => Promise<Outcome>): Promise<DriveItem[]> {
    let outcome: Outcome;
    try {
      outcome = await this.#show(edits, call);
    } catch (error) {
      this.tools.tell(error);
      return [];
    }
    const failures = new Map(outcome.errors.map((one) => [keyOf({ kind: one.entity_type, id: one.entity_id }), one]));
    const failed = items.find((item) => failures.has(keyOf(item)));
    if (failed) {
      const reason = failures.get(keyOf(failed))?.error ?? '';
      tellFailed(this.tools.t('changes.notAll', { count: failures.size }), `${failed.name}: ${reason}`);
    }
    return items.filter((item) => !failures.has(keyOf(item)));
  }

  #sentence(key: 'changes.trashed' | 'changes.moved' | 'changes.copied', done: DriveItem[]): string {
    return this.tools.t(key, { count: done.length, name: done[0]?.name ?? '' });
  }

  #undoable(key: 'changes.trashed' | 'changes.moved', done: DriveItem[], undo: () => Promise<unknown>): void {
    offerUndo(this.#sentence(key, done), this.tools.t('changes.undo'), () => void undo());
  }
}
