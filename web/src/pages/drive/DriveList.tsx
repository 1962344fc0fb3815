import { Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type DriveItem, keyOf } from '@/api/files';
import { useFormat } from '@/i18n/format';

import { useClipboard } from './clipboard';
import { startDrag } from './dnd';
import { ItemMenu } from './ItemMenu';
import type { Column, Look } from './listing/columns';
import { Listing } from './listing/Listing';
import type { ListingModel } from './listing/useListing';
import type { Point } from './listing/useListingEvents';
import { NameCell, TileBody } from './NameCell';
import { RenameField } from './RenameField';
import { type Acts, obey } from './useActs';
import type { ViewState } from './useView';

interface Props {
  label: string;
  acts: Acts;
  model: ListingModel<DriveItem>;
  view: ViewState;
  /** Whether the columns can be sorted by. */
  isSorted: boolean;
  onGap: () => void;
  /** Where an item lies, in lists of many folders. */
  whereColumn?: Column<DriveItem>;
}

/** Files and folders as a list or as tiles, with everything that can be done with them. */
export function DriveList({ label, acts, model, view, isSorted, onGap, whereColumn }: Props) {
  const { t } = useTranslation('drive');
  const [menu, setMenu] = useState<Point>();
  const look = useLook(acts, isSorted ? view : undefined, whereColumn);
  const { space, folderId } = acts;
  return (
    <>
      <Listing
        label={label}
        view={view.view}
        model={model}
        look={look}
        onOpen={acts.open}
        onMenu={setMenu}
        onCommand={(command, items) => obey(acts, command, items)}
        onDragItem={(event, items) => {
          const [first] = items;
          const text = items.length === 1 && first ? first.name : t('selection.count', { count: items.length });
          startDrag(event, { space, items, from: folderId }, text);
        }}
        onGap={onGap}
      />
      <ItemMenu at={menu} onClose={() => setMenu(undefined)} acts={acts} items={model.chosen} />
    </>
  );
}

function useLook(acts: Acts, view: ViewState | undefined, where: Column<DriveItem> | undefined): Look<DriveItem> {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const held = useClipboard();
  const { space } = acts;
  const sort = (by: 'name' | 'size' | 'type' | 'updated_at'): Pick<Column<DriveItem>, 'sort'> => {
    if (!view) return {};
    const direction = view.sort.by === by ? view.sort.order : undefined;
    const toggle = () => view.setSort({ by, order: direction === 'asc' ? 'desc' : 'asc' });
    return { sort: { direction, toggle } };
  };
  const size = (item: DriveItem) => (item.kind === 'file' ? format.bytes(item.size) : '');
  const below = (item: DriveItem) => [size(item), format.day(item.updated_at)].filter(Boolean).join(' · ');
  const editor = (item: DriveItem) =>
    acts.renaming && keyOf(acts.renaming) === keyOf(item) ? (
      <RenameField item={item} onRename={(name) => acts.changes.rename(item, name)} onEnd={acts.endRename} />
    ) : undefined;
  const name = (item: DriveItem) => <NameCell space={space} item={item} editor={editor(item)} below={below(item)} />;
  const plain = (text: string, title?: string) => (
    <Text size="sm" c="dimmed" truncate title={title}>
      {text}
    </Text>
  );
  const columns: Column<DriveItem>[] = [
    { id: 'name', title: t('column.name'), cell: name, ...sort('name') },
    ...(where ? [where] : []),
    {
      id: 'type',
      title: t('column.type'),
      width: 170,
      from: 'wide',
      cell: (item) => plain(item.kind === 'folder' ? t('category.folder') : t(`category.${item.file_category}`)),
      ...sort('type'),
    },
    {
      id: 'changed',
      title: t('column.changed'),
      width: 170,
      from: 'narrow',
      cell: (item) => plain(format.day(item.updated_at), format.time(item.updated_at)),
      ...sort('updated_at'),
    },
    {
      id: 'size',
      title: t('column.size'),
      width: 110,
      from: 'narrow',
      cell: (item) => plain(size(item)),
      ...sort('size'),
    },
  ];
  return {
    columns,
    tile: (item) => <TileBody space={space} item={item} editor={editor(item)} />,
    nameOf: (item) => item.name,
    hasMenu: true,
    isFaded: (item) => held?.mode === 'cut' && held.items.some((other) => keyOf(other) === keyOf(item)),
    folderOf: (item) => (item.kind === 'folder' ? item.id : undefined),
  };
}
