import { useTranslation } from 'react-i18next';

import type { Share } from '@/api/shares';

/** How often a share was used, in a few words. */
export function useShareUse(): (share: Share) => string {
  const { t } = useTranslation('shares');
  return ({ view_count, download_count, max_downloads }) => {
    const downloads =
      max_downloads > 0
        ? t('downloadsOf', { used: download_count, limit: max_downloads })
        : t('downloads', { count: download_count });
    return `${t('views', { count: view_count })} · ${downloads}`;
  };
}
