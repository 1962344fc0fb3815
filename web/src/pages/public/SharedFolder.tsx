import { Anchor, Breadcrumbs, Button, Card, Group, Stack, Text } from '@mantine/core';
import { IconDownload, IconFolderOpen } from '@tabler/icons-react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/errors';
import { type PublicContents, publicFolder, type ShareView, visitQuery, visits } from '@/api/shares';
import { Empty } from '@/components/Empty';
import { Loading } from '@/components/Loaded';
import { Problem } from '@/components/Problem';

import { downloadsLeft, folderKey } from './downloads';
import { FolderTable } from './FolderTable';
import { LimitNotice } from './LimitNotice';
import { PublicFrame } from './PublicFrame';
import type { PublicSearch } from './publicSearch';
import { SharedBy } from './SharedBy';

const Preview = lazy(async () => ({ default: (await import('@/pages/preview/PreviewWindow')).PreviewWindow }));

/** A shared folder: what lies in it, further down as well. */
export function SharedFolder({ token, view }: { token: string; view: ShareView }) {
  const { t } = useTranslation('shares');
  const client = useQueryClient();
  const { path = [] } = useSearch({ strict: false }) as PublicSearch;
  const [looking, setLooking] = useState<number>();
  const folderId = path.at(-1);
  const query = useInfiniteQuery({
    queryKey: folderKey(token, folderId),
    queryFn: ({ pageParam, signal }) => publicFolder(token, folderId, pageParam, signal),
    initialPageParam: null as PublicContents['next_file_cursor'],
    getNextPageParam: (page) => page.next_file_cursor,
    retry: (failures, error) => failures < 2 && !(error instanceof ApiError),
  });
  const parts = query.data?.pages ?? [];
  const folders = parts.flatMap((part) => part.folders);
  const files = parts.flatMap((part) => part.files);
  const usedUp = downloadsLeft(view) === 0;
  const recount = () =>
    view.max_downloads > 0 &&
    setTimeout(() => void client.invalidateQueries({ ...visitQuery(token), exact: true }), 2_000);
  return (
    <PublicFrame
      title={view.name}
      about={<SharedBy view={view} />}
      wide
      actions={
        !usedUp && (
          <Button
            component="a"
            href={visits.allUrl(token)}
            download
            leftSection={<IconDownload size={18} aria-hidden />}
            onClick={recount}
          >
            {t('public.downloadAll')}
          </Button>
        )
      }
    >
      <Stack>
        <LimitNotice view={view} />
        <Path root={view.name} path={path} />
        {query.isPending && <Loading rows={6} />}
        {query.error && <Problem error={query.error} retry={() => void query.refetch()} />}
        {query.data && folders.length + files.length === 0 && (
          <Empty icon={<IconFolderOpen size={28} />} title={t('public.emptyTitle')}>
            {t('public.emptyText')}
          </Empty>
        )}
        {folders.length + files.length > 0 && (
          <Card padding={0}>
            <FolderTable
              token={token}
              path={path}
              folders={folders}
              files={files}
              usedUp={usedUp}
              onLook={setLooking}
              onDownload={recount}
            />
          </Card>
        )}
        <Group justify="space-between">
          {parts[0] && (
            <Text size="sm" c="dimmed">
              {t('public.count', { count: parts[0].folders_total + parts[0].files_total })}
            </Text>
          )}
          {query.hasNextPage && (
            <Button variant="default" onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
              {t('public.more')}
            </Button>
          )}
        </Group>
      </Stack>
      {looking !== undefined && (
        <Suspense fallback={null}>
          <Preview
            files={files}
            first={files.findIndex((file) => file.id === looking)}
            source={{
              url: (file) => visits.contentUrl(token, file.id, true),
              downloadUrl: (file) => visits.contentUrl(token, file.id, false),
            }}
            onClose={() => {
              setLooking(undefined);
              recount();
            }}
          />
        </Suspense>
      )}
    </PublicFrame>
  );
}

/** The server names no folders above one, so names come along in the history; a bare link has none for them. */
function Path({ root, path }: { root: string; path: number[] }) {
  const { t } = useTranslation('shares');
  const navigate = useNavigate();
  const names = useRouterState({ select: (state) => (state.location.state as { names?: string[] }).names });
  if (path.length === 0) return null;
  const nameAt = (at: number) => names?.[at] ?? (at === path.length - 1 ? t('public.thisFolder') : '…');
  const go = (depth: number) => () =>
    void navigate({
      to: '.',
      search: depth > 0 ? { path: path.slice(0, depth) } : {},
      state: { names: names?.slice(0, depth) } as object,
    });
  return (
    <Breadcrumbs component="nav" aria-label={t('public.path')} separatorMargin={6}>
      <Anchor component="button" type="button" onClick={go(0)}>
        {root}
      </Anchor>
      {path.map((id, at) =>
        at === path.length - 1 ? (
          <Text key={id} span c="dimmed" aria-current="page">
            {nameAt(at)}
          </Text>
        ) : (
          <Anchor key={id} component="button" type="button" onClick={go(at + 1)}>
            {nameAt(at)}
          </Anchor>
        ),
      )}
    </Breadcrumbs>
  );
}
