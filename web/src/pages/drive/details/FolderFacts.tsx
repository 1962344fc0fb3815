import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { folderQuery, measuredQuery } from '@/api/folders';
import type { Place, Space } from '@/api/spaces';
import { Loaded } from '@/components/Loaded';
import { useFormat } from '@/i18n/format';

import { useView } from '../useView';

export function FolderFacts({ space, id }: { space: Space; id: number }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const query = useQuery(measuredQuery(space, id));
  return (
    <Loaded query={query} rows={3}>
      {(folder) => (
        <dl className="facts">
          <dt>{t('details.type')}</dt>
          <dd>{t('category.folder')}</dd>
          <dt>{t('details.below')}</dt>
          <dd>
            {t('details.inside', {
              folders: format.count(folder.total_folders),
              files: format.count(folder.total_files),
            })}
          </dd>
          <dt>{t('details.size')}</dt>
          <dd>{format.bytes(folder.total_size)}</dd>
          <dt>{t('details.created')}</dt>
          <dd>{format.time(folder.created_at)}</dd>
          <dt>{t('details.changed')}</dt>
          <dd>{format.time(folder.updated_at)}</dd>
          <dt>{t('details.lock')}</dt>
          <dd>{folder.is_locked ? t('item.locked') : t('details.unlocked')}</dd>
        </dl>
      )}
    </Loaded>
  );
}

/** The root is no folder of its own; its list knows how much lies in it. */
export function RootFacts({ place }: { place: Place }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const { sort } = useView();
  const page = useInfiniteQuery(folderQuery(place.space, place.folderId, sort)).data?.pages[0];
  if (!page) return null;
  return (
    <dl className="facts">
      <dt>{t('details.folders')}</dt>
      <dd>{format.count(page.foldersTotal)}</dd>
      <dt>{t('details.files')}</dt>
      <dd>{format.count(page.filesTotal)}</dd>
    </dl>
  );
}
