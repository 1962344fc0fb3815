import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { type DriveItem, keyOf } from '@/api/files';
import { useFormat } from '@/i18n/format';

import { useClipboard } from './clipboard';
import css from './Drive.module.css';
import type { Column, Look } from './listing/columns';
import { NameCell, TileBody } from './NameCell';
import { RenameField } from './RenameField';
import type { Acts } from './useActs';
import type { ViewState } from './useView';

/** How files and folders are shown. The same object as long as nothing about it changes, so that rows stay as they are. */
export function useLook(
  acts: Acts,
  view: ViewState | undefined,
  where: Column<DriveItem> | undefined,
): Look<DriveItem> {
  const { space } = acts;
  const held = useClipboard();
  const columns = useColumns(view, where);
  const naming = useNaming(acts);
  return useMemo(() => {
    const cut = new Set(held?.mode === 'cut' ? held.items.map(keyOf) : []);
    const { below, editor } = naming;
    const [first, ...rest] = columns;
    const name: Column<DriveItem> = {
      ...first,
      cell: (item) => <NameCell space={space} item={item} editor={editor(item)} below={below(item)} />,
    };
    return {
      columns: [name, ...rest],
      tile: (item) => <TileBody space={space} item={item} editor={editor(item)} />,
      nameOf: (item) => item.name,
      hasMenu: true,
      isFaded: (item) => cut.has(keyOf(item)),
      folderOf: (item) => (item.kind === 'folder' ? item.id : undefined),
    };
  }, [space, held, columns, naming]);
}

/** The name, or the field that it is edited in, and what a narrow list says below it. */
function useNaming({ changes, renaming, endRename }: Acts) {
  const format = useFormat();
  return useMemo(() => {
    const renamed = renaming && keyOf(renaming);
    return {
      editor: (item: DriveItem) =>
        renamed === keyOf(item) ? (
          <RenameField item={item} onRename={(name) => changes.rename(item, name)} onEnd={endRename} />
        ) : undefined,
      below: (item: DriveItem) => {
        const day = format.day(item.updated_at);
        return item.kind === 'file' ? `${format.bytes(item.size)} · ${day}` : day;
      },
    };
  }, [changes, renaming, endRename, format]);
}

type Columns = [Omit<Column<DriveItem>, 'cell'>, ...Column<DriveItem>[]];

function useColumns(view: ViewState | undefined, where: Column<DriveItem> | undefined): Columns {
  const { t } = useTranslation('drive');
  const format = useFormat();
  return useMemo(() => {
    const sort = (by: 'name' | 'size' | 'type' | 'updated_at'): Pick<Column<DriveItem>, 'sort'> => {
      if (!view) return {};
      const direction = view.sort.by === by ? view.sort.order : undefined;
      const toggle = () => view.setSort({ by, order: direction === 'asc' ? 'desc' : 'asc' });
      return { sort: { direction, toggle } };
    };
    const plain = (text: string, title?: string) => (
      <span className={css.plain} title={title}>
        {text}
      </span>
    );
    const kind = (item: DriveItem) => t(`category.${item.kind === 'folder' ? 'folder' : item.file_category}`);
    const size = (item: DriveItem) => (item.kind === 'file' ? format.bytes(item.size) : '');
    const changed = (item: DriveItem) => plain(format.day(item.updated_at), format.time(item.updated_at));
    const rest = [
      {
        id: 'type',
        title: t('column.type'),
        width: 170,
        from: 'wide',
        cell: (item) => plain(kind(item)),
        ...sort('type'),
      },
      { id: 'changed', title: t('column.changed'), width: 170, from: 'narrow', cell: changed, ...sort('updated_at') },
      {
        id: 'size',
        title: t('column.size'),
        width: 110,
        from: 'narrow',
        cell: (item) => plain(size(item)),
        ...sort('size'),
      },
    ] satisfies Column<DriveItem>[];
    return [{ id: 'name', title: t('column.name'), ...sort('name') }, ...(where ? [where] : []), ...rest];
  }, [t, format, view, where]);
}
