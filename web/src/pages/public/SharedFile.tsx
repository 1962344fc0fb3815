import { Button, Card, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconDownload, IconEye } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type ShareView, visitQuery, visits } from '@/api/shares';
import { useFormat } from '@/i18n/format';
import { FileIcon } from '@/pages/preview/FileIcon';
import { viewerOf } from '@/pages/preview/kinds';

import { downloadsLeft } from './downloads';
import { LimitNotice } from './LimitNotice';
import { PublicFrame } from './PublicFrame';
import { SharedBy } from './SharedBy';

const Preview = lazy(async () => ({ default: (await import('@/pages/preview/PreviewWindow')).PreviewWindow }));

/** One shared file: what it is, to look at and to keep. */
export function SharedFile({ token, view }: { token: string; view: ShareView }) {
  const { t } = useTranslation('shares');
  const format = useFormat();
  const client = useQueryClient();
  const [looking, setLooking] = useState(false);
  const file = { id: 0, name: view.name, size: view.size ?? 0, mime_type: view.mime_type ?? '', updated_at: '' };
  const usedUp = downloadsLeft(view) === 0;
  // A moment later the server has counted it.
  const recount = () =>
    view.max_downloads > 0 && setTimeout(() => void client.invalidateQueries(visitQuery(token)), 2_000);
  return (
    <PublicFrame title={view.name} about={<SharedBy view={view} />}>
      <Card>
        <Stack>
          <Group wrap="nowrap">
            <ThemeIcon size={56} radius="md" variant="light" aria-hidden>
              <FileIcon file={file} size={30} />
            </ThemeIcon>
            <div>
              <Text fw={600}>{view.name}</Text>
              <Text size="sm" c="dimmed">
                {format.bytes(file.size)} · {file.mime_type}
              </Text>
            </div>
          </Group>
          <LimitNotice view={view} />
          {!usedUp && (
            <Group>
              <Button
                component="a"
                href={visits.contentUrl(token, null, false)}
                download={view.name}
                leftSection={<IconDownload size={18} aria-hidden />}
                onClick={recount}
              >
                {t('public.download')}
              </Button>
              {viewerOf(file) !== 'none' && (
                <Button
                  variant="default"
                  leftSection={<IconEye size={18} aria-hidden />}
                  onClick={() => setLooking(true)}
                >
                  {t('public.look')}
                </Button>
              )}
            </Group>
          )}
        </Stack>
      </Card>
      {looking && (
        <Suspense fallback={null}>
          <Preview
            files={[file]}
            first={0}
            source={{
              url: () => visits.contentUrl(token, null, true),
              downloadUrl: () => visits.contentUrl(token, null, false),
            }}
            onClose={() => {
              setLooking(false);
              recount();
            }}
          />
        </Suspense>
      )}
    </PublicFrame>
  );
}
