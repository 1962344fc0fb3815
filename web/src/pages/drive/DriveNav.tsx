import { Divider, Group, Progress, Stack, Text } from '@mantine/core';
import { IconHome, IconShare, IconTrash, IconUsers, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useRouter } from '@tanstack/react-router';
import type { DragEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { PERSONAL, teamSpace } from '@/api/spaces';
import { teamQuery, teamsQuery } from '@/api/teams';
import { useMe } from '@/app/session';
import { LinkNav } from '@/components/links';
import { useFormat } from '@/i18n/format';

import css from './Drive.module.css';
import { folderPath, placeOf, spaceOf, trashPath } from './paths';
import { TrashDrop } from './TrashDrop';
import { FolderTree, type TreeRoot } from './tree/FolderTree';
import { useDropGuard } from './useDropGuard';

const icon = { size: 20, stroke: 1.6, 'aria-hidden': true } as const;

/** The way to everything in the drive. */
export function DriveNav({ path }: { path: string }) {
  const { t } = useTranslation(['drive', 'common']);
  const navigate = useNavigate();
  const router = useRouter();
  const teams = useQuery(teamsQuery).data?.items ?? [];
  const roots: TreeRoot[] = [
    { place: { space: PERSONAL, folderId: null }, name: t('common:nav.drive'), icon: <IconHome {...icon} /> },
    ...teams.map((team) => ({
      place: { space: teamSpace(team.id), folderId: null },
      name: team.name,
      icon: <IconUsersGroup {...icon} />,
    })),
  ];
  useDropGuard();
  const space = spaceOf(path);
  // Only when this build has pages about shares.
  const hasShares = '/shares' in router.routesByPath;
  return (
    <Stack gap={2}>
      <FolderTree
        label={t('nav.folders')}
        roots={roots}
        current={placeOf(path)}
        openFirst
        hrefOf={folderPath}
        onPick={(place) => void navigate({ to: folderPath(place) })}
      />
      <Divider my={6} color="var(--aster-line)" />
      <LinkNav to="/teams" label={t('nav.teams')} leftSection={<IconUsers {...icon} />} active={path === '/teams'} />
      {hasShares && (
        <LinkNav
          to={'/shares' as string}
          label={t('nav.shared')}
          leftSection={<IconShare {...icon} />}
          active={path === '/shares'}
        />
      )}
      <TrashDrop space={space}>
        <LinkNav
          to={trashPath(space)}
          label={t('nav.trash')}
          leftSection={<IconTrash {...icon} />}
          active={path === trashPath(space)}
          onDragStart={(event: DragEvent) => event.preventDefault()}
        />
      </TrashDrop>
    </Stack>
  );
}

/** How full the space is that the page is about. */
export function SpaceUsage({ path }: { path: string }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const me = useMe();
  const space = spaceOf(path);
  const teamId = space.kind === 'team' ? space.teamId : 0;
  const team = useQuery({ ...teamQuery(teamId), enabled: teamId > 0 }).data;
  const holder = space.kind === 'team' ? team : me;
  if (!holder) return null;
  const { storage_used: used, storage_quota: quota } = holder;
  const share = quota > 0 ? Math.min(100, (used / quota) * 100) : 0;
  return (
    <Stack gap={6} px="sm" className={css.usage}>
      <Group justify="space-between" gap={4}>
        <Text size="xs" fw={600}>
          {space.kind === 'team' ? t('usage.team') : t('usage.title')}
        </Text>
        <Text size="xs" c="dimmed">
          {quota > 0
            ? t('usage.of', { used: format.bytes(used), quota: format.bytes(quota) })
            : t('usage.used', { used: format.bytes(used) })}
        </Text>
      </Group>
      {quota > 0 && (
        <Progress value={share} size="sm" color={share > 90 ? 'red' : 'aster'} aria-label={t('usage.title')} />
      )}
    </Stack>
  );
}
