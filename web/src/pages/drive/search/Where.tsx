import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';
import { ancestorsQuery } from '@/api/folders';
import type { Space } from '@/api/spaces';
import { LinkAnchor } from '@/components/links';
import type { Column } from '../listing/columns';
import { folderPath } from '../paths';
import { useSpaceName } from '../useSpaceName';

/** Where a found item lies. */
export function useWhereColumn(space: Space): Column<DriveItem> {
  const { t } = useTranslation('drive');
  return useMemo(() => {
    const folderId = (item: DriveItem) => (item.kind === 'file' ? item.folder_id : item.parent_id) ?? null;
    const cell = (item: DriveItem) => <Where space={space} folderId={folderId(item)} />;
    return { id: 'where', title: t('column.where'), width: 220, from: 'medium', cell };
  }, [space, t]);
}

function Where({ space, folderId }: { space: Space; folderId: number | null }) {
  const root = useSpaceName(space);
  const above = useQuery({ ...ancestorsQuery(space, folderId ?? 0), enabled: folderId !== null, staleTime: 60_000 });
  const names = [root, ...(above.data ?? []).map(({ name }) => name)];
  return (
    <LinkAnchor
      to={folderPath({ space, folderId })}
      size="sm"
      tabIndex={-1}
      data-act="link"
      title={names.join(' / ')}
      truncate
      display="block"
    >
      {folderId === null ? root : (names.at(-1) ?? '…')}
    </LinkAnchor>
  );
}
