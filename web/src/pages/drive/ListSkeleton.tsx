import { SimpleGrid, Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const places = (count: number) => Array.from({ length: count }, (_, place) => place);

/** The shape of a list before it is here. */
export function ListSkeleton({ view }: { view: 'list' | 'grid' }) {
  const { t } = useTranslation();
  return (
    <div role="status">
      <VisuallyHidden>{t('state.loading')}</VisuallyHidden>
      {view === 'list' ? (
        <Stack gap={8}>
          {places(8).map((place) => (
            <Skeleton key={place} height={44} radius="md" />
          ))}
        </Stack>
      ) : (
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing={12}>
          {places(10).map((place) => (
            <Skeleton key={place} height={192} radius="lg" />
          ))}
        </SimpleGrid>
      )}
    </div>
  );
}
