import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import { Problem } from './Problem';

interface Props<T> {
  query: UseQueryResult<T>;
  /** Rows of the skeleton. */
  rows?: number;
  children: (data: T) => ReactNode;
}

/**
 * What a query gives, or its skeleton, or why there is nothing. Older data stays visible while it is read anew. Texts or
 * code that what is shown still has to load hide this part only, not the page that is there already.
 */
export function Loaded<T>({ query, rows = 4, children }: Props<T>) {
  if (query.data !== undefined) return <Suspense fallback={<Loading rows={rows} />}>{children(query.data)}</Suspense>;
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return <Loading rows={rows} />;
}

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="status">
      <VisuallyHidden>{t('state.loading')}</VisuallyHidden>
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <Skeleton key={row} height={44} radius="md" />
      ))}
    </Stack>
  );
}
