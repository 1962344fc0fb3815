import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { TrashEntry } from '@/api/trash';
import { useFormat } from '@/i18n/format';

import css from '../Drive.module.css';
import { ItemIcon } from '../ItemIcon';
import type { Look } from '../listing/columns';

/** `root` is what the root of the space is called. */
export function useTrashLook(root: string): Look<TrashEntry> {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const plain = (text: string, title?: string) => (
    <Text size="sm" c="dimmed" truncate title={title ?? text}>
      {text}
    </Text>
  );
  const until = (entry: TrashEntry) => t('trash.until', { when: format.day(entry.expires_at) });
  return {
    columns: [
      {
        id: 'name',
        title: t('column.name'),
        cell: (entry) => (
          <div className={css.name}>
            <span className={css.small}>
              <ItemIcon item={entry} size={26} />
            </span>
            <span className={css.words}>
              <span className={css.still} title={entry.name}>
                {entry.name}
              </span>
              <span className={css.below}>{until(entry)}</span>
            </span>
          </div>
        ),
      },
      {
        id: 'path',
        title: t('trash.path'),
        width: 240,
        from: 'medium',
        cell: (entry) => plain(folderOf(entry.original_path) || root),
      },
      {
        id: 'deleted',
        title: t('trash.deleted'),
        width: 150,
        from: 'wide',
        cell: (entry) => plain(format.day(entry.deleted_at), format.time(entry.deleted_at)),
      },
      {
        id: 'expires',
        title: t('trash.expires'),
        width: 150,
        from: 'narrow',
        cell: (entry) => plain(format.day(entry.expires_at), format.time(entry.expires_at)),
      },
      {
        id: 'size',
        title: t('column.size'),
        width: 110,
        from: 'narrow',
        cell: (entry) => plain(entry.kind === 'file' ? format.bytes(entry.size) : ''),
      },
    ],
    tile: () => null,
    nameOf: (entry) => entry.name,
    hasMenu: true,
  };
}

/** The path without the name at its end. */
const folderOf = (path: string) => path.split('/').filter(Boolean).slice(0, -1).join(' / ');
