import { Badge, Button, Group, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError, UnreachableError } from '@/api/errors';
import { Loading } from '@/components/Loaded';
import { Problem } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { FailedViewer } from './NoViewer';
import classes from './preview.module.css';
import type { ViewerProps } from './source';
import { listZip, type ZipItem } from './zip';

const ROWS = 500;

/** The list of an archive; nothing is unpacked. */
export function ZipViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const url = source.url(file);
  const query = useQuery({
    queryKey: ['preview', 'zip', url],
    queryFn: ({ signal }) => listZip(url, file.size, signal),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    gcTime: 0,
    retry: false,
  });
  if (query.data) return <Content items={query.data} name={file.name} />;
  if (query.error instanceof ApiError || query.error instanceof UnreachableError) {
    return (
      <div className={classes.waiting}>
        <Problem error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  }
  if (query.error) return <FailedViewer file={file} source={source} why={t('failed.zip')} />;
  return (
    <div className={classes.waiting}>
      <Loading rows={8} />
    </div>
  );
}

function Content({ items, name }: { items: ZipItem[]; name: string }) {
  const { t } = useTranslation('preview');
  const format = useFormat();
  const [shown, setShown] = useState(ROWS);
  const unpacked = items.reduce((sum, item) => sum + item.size, 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section className={classes.scroll} aria-label={t('zip.content', { name })} tabIndex={0}>
      <div className={classes.prose}>
        <Text size="sm" c="dimmed" mb="sm">
          {items.length === 0
            ? t('zip.empty')
            : `${t('zip.count', { count: items.length })} · ${t('zip.unpacked', { size: format.bytes(unpacked) })}`}
        </Text>
        {items.length > 0 && (
          <Table aria-label={t('zip.content', { name })}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('zip.name')}</Table.Th>
                <Table.Th visibleFrom="sm">{t('zip.changed')}</Table.Th>
                <Table.Th>{t('zip.size')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.slice(0, shown).map((item, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: an archive may have a path twice
                <Table.Tr key={at}>
                  <Table.Td>
                    <Group gap="xs">
                      <Text size="sm">{item.path}</Text>
                      {item.encrypted && <Badge color="gray">{t('zip.encrypted')}</Badge>}
                    </Group>
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    <Text size="sm">{format.time(item.changed.toISOString())}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
                      {format.bytes(item.size)}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {items.length > shown && (
          <Button mt="md" variant="default" onClick={() => setShown(shown + ROWS * 4)}>
            {t('zip.more')}
          </Button>
        )}
      </div>
    </section>
  );
}
