import { Group, Pagination, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useFormat } from '@/i18n/format';

interface Props {
  /** From 1. */
  page: number;
  /** Entries of one page. */
  size: number;
  total: number;
  onChange: (page: number) => void;
}

/** Leafs through a long list; nothing while it fits on one page. */
export function PageControl({ page, size, total, onChange }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  if (total <= size) return null;
  return (
    <Group justify="space-between">
      <Pagination
        value={page}
        onChange={onChange}
        total={Math.ceil(total / size)}
        getControlProps={(control) => ({ 'aria-label': t(`pagination.${control}`) })}
        getItemProps={(item) => ({ 'aria-label': t('pagination.page', { page: item }) })}
      />
      <Text size="sm" c="dimmed">
        {t('pagination.total', { count: total, number: format.count(total) })}
      </Text>
    </Group>
  );
}
