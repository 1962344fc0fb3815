import { Alert, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ShareView } from '@/api/shares';

import { downloadsLeft } from './downloads';

/** What a limit means here, before somebody runs into it. */
export function LimitNotice({ view }: { view: ShareView }) {
  const { t } = useTranslation('shares');
  const left = downloadsLeft(view);
  if (left === undefined) return null;
  if (left > 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('public.counts')}
      </Text>
    );
  }
  return (
    <Alert color="yellow" title={t('public.usedUp')} role="status">
      {t('public.usedUpText')}
    </Alert>
  );
}
