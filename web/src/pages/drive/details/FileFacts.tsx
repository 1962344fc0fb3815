import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { fileQuery } from '@/api/files';
import type { Space } from '@/api/spaces';
import { Loaded } from '@/components/Loaded';
import { useFormat } from '@/i18n/format';

export function FileFacts({ space, id }: { space: Space; id: number }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const query = useQuery(fileQuery(space, id));
  return (
    <Loaded query={query} rows={3}>
      {(file) => (
        <dl className="facts">
          <dt>{t('details.type')}</dt>
          <dd>
            {t(`category.${file.file_category}`)} ({file.mime_type})
          </dd>
          <dt>{t('details.size')}</dt>
          <dd title={t('details.bytes', { count: file.size, bytes: format.count(file.size) })}>
            {format.bytes(file.size)}
          </dd>
          <dt>{t('details.by')}</dt>
          <dd>{file.created_by_username}</dd>
          <dt>{t('details.created')}</dt>
          <dd>{format.time(file.created_at)}</dd>
          <dt>{t('details.changed')}</dt>
          <dd>{format.time(file.updated_at)}</dd>
          <dt>{t('details.lock')}</dt>
          <dd>{file.is_locked ? t('item.locked') : t('details.unlocked')}</dd>
        </dl>
      )}
    </Loaded>
  );
}
