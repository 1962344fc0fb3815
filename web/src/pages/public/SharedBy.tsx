import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { ShareView } from '@/api/shares';
import { useFormat } from '@/i18n/format';

import { downloadsLeft } from './downloads';

/** Who shares it, until when, and how often it can be downloaded. */
export function SharedBy({ view }: { view: ShareView }) {
  const { t } = useTranslation('shares');
  const format = useFormat();
  const left = downloadsLeft(view);
  const words = [
    view.shared_by ? t('public.sharedBy', { name: view.shared_by }) : t('public.shared'),
    view.expires_at && t('public.until', { time: format.time(view.expires_at) }),
    left !== undefined && t('public.left', { count: left }),
  ];
  return (
    <Text c="dimmed" mt={4}>
      {words.filter(Boolean).join(' · ')}
    </Text>
  );
}
