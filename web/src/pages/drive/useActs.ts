import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type DriveItem, isFile } from '@/api/files';
import { type Place, type Space, sameSpace } from '@/api/spaces';
import { tellFailed, useTellFailure } from '@/components/notify';

import { hold, useClipboard } from './clipboard';
import { download } from './download';
import { useDriveExtensions } from './extensions';
import { awaitFocus } from './listing/focusListing';
import type { Command } from './listing/keys';
import type { ListingModel } from './listing/useListing';
import { folderPath } from './paths';
import { undoLast } from './undo';
import { type Changes, useChanges } from './useChanges';

/** What is being asked in a dialog. */
export type Asked = { what: 'move' | 'copy'; items: DriveItem[] } | { what: 'folder' };

interface Options {
  space: Space;
  /** The folder that is shown; `undefined` where items of many folders are. */
  folderId: number | null | undefined;
  /** What archives of a selection are called. */
  title: string;
  model: ListingModel<DriveItem>;
  /** The folder above. */
  above: Place | undefined;
  showDetails: () => void;
  /** Loads what is not here yet, before everything is chosen. */
  loadAll: () => Promise<void>;
}

/** Everything that can be done with items in a list, for its keys, menus and buttons. */
export interface Acts {
  space: Space;
  folderId: number | null | undefined;
  changes: Changes;
  open: (item: DriveItem) => void;
  download: (items: DriveItem[]) => void;
  share: ((items: DriveItem[]) => void) | undefined;
  rename: (item: DriveItem) => void;
  trash: (items: DriveItem[]) => void;
  ask: (asked: Asked | undefined) => void;
  asked: Asked | undefined;
  cut: (items: DriveItem[]) => void;
  copy: (items: DriveItem[]) => void;
  /** `undefined` when there is nothing to paste, or it cannot be pasted here. */
  paste: (() => void) | undefined;
  /** To the folder above, if there is one. */
  up: (() => void) | undefined;
  details: () => void;
  selectAll: () => void;
  /** Which item is being renamed. */
  renaming: DriveItem | undefined;
  endRename: () => void;
}

export function useActs(options: Options): Acts {
  const { space, folderId, title, model, above, showDetails, loadAll } = options;
  const { t } = useTranslation('drive');
  const navigate = useNavigate();
  const changes = useChanges(space);
  const tell = useTellFailure();
  const { openPreview, openShare } = useDriveExtensions();
  useHotkeys([['mod+Z', () => undoLast()]]);
  const [asked, ask] = useState<Asked>();
  const [renaming, setRenaming] = useState<DriveItem>();
  const save = (items: DriveItem[]) => void download(space, items, title).catch(tell);
  const endRename = useCallback(() => setRenaming(undefined), []);
  const go = (place: Place) => {
    awaitFocus();
    void navigate({ to: folderPath(place) });
  };
  const open = (item: DriveItem) => {
    if (!isFile(item)) return go({ space, folderId: item.id });
    if (!openPreview) return save([item]);
    openPreview({ space, item, siblings: model.rows.loaded.filter(isFile) });
  };
  const keep = (mode: 'cut' | 'copy') => (items: DriveItem[]) => {
    if (items.length > 0) hold({ mode, space, items, from: folderId });
  };
  return {
    space,
    folderId,
    changes,
    open,
    download: save,
    share: openShare && ((items) => openShare({ space, items })),
    rename: setRenaming,
    trash: (items) => void changes.trash(items),
    ask,
    asked,
    cut: keep('cut'),
    copy: keep('copy'),
    paste: usePaste(options, changes, () => tellFailed(t('clipboard.title'), t('clipboard.otherSpace'))),
    up: above && (() => go(above)),
    details: showDetails,
    selectAll: () => void loadAll().then(model.all),
    renaming,
    endRename,
  };
}

function usePaste({ space, folderId }: Options, changes: Changes, refuse: () => void): (() => void) | undefined {
  const held = useClipboard();
  if (!held || folderId === undefined) return undefined;
  return () => {
    if (!sameSpace(held.space, space)) return refuse();
    if (held.mode === 'copy') return void changes.copy(held.items, folderId);
    hold(undefined);
    if (held.from !== folderId) void changes.move(held.items, folderId, held.from);
  };
}

/** What the keys of a list do. */
export function obey(acts: Acts, command: Command, items: DriveItem[]): void {
  const [first] = items;
  if (command.do === 'all') acts.selectAll();
  else if (command.do === 'paste') acts.paste?.();
  else if (command.do === 'up') acts.up?.();
  else if (!first) return;
  else if (command.do === 'rename') acts.rename(first);
  else if (command.do === 'delete') acts.trash(items);
  else if (command.do === 'cut') acts.cut(items);
  else if (command.do === 'copy') acts.copy(items);
  else if (command.do === 'details') acts.details();
}
