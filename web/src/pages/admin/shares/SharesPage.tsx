import { Box, Button, Card, Group, Stack, Table, Text } from '@mantine/core';
import { IconShare } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type AdminShare, adminSharesQuery, type ShareStatus, sharesAdmin } from '@/api/sharesAdmin';
import { useChange } from '@/app/queries';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { StateBadge, type Tone } from '@/components/StateBadge';
import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

import { PageControl } from '../PageControl';
import { UserSelect } from '../UserSelect';

const route = getRouteApi('/signed-in/admin/shares');
const PAGE = 50;
const AGAIN_MS = 30_000;
const TONES: Record<ShareStatus, Tone> = { active: 'good', expired: 'off', exhausted: 'off', unavailable: 'warn' };

export function SharesPage() {
  const { t } = useTranslation(['console', 'admin']);
  const { page = 1, user_id } = route.useSearch();
  const navigate = useNavigate();
  const filter = user_id === undefined ? {} : { user_id };
  const query = useQuery({
    ...adminSharesQuery(filter, { limit: PAGE, offset: (page - 1) * PAGE }),
    refetchInterval: AGAIN_MS,
  });
  const show = (search: { user_id?: number; page?: number }) =>
    navigate({ to: '/admin/shares', search, replace: true });
  return (
    <Page title={t('shares.title')} about={t('shares.about')}>
      <Group align="flex-end">
        <UserSelect
          label={t('shares.by')}
          value={user_id ?? null}
          onChange={(id) => show(id === null ? {} : { user_id: id })}
          placeholder={t('admin:audit.all')}
          clearable
          clearButtonProps={{ 'aria-label': t('admin:audit.clear') }}
        />
      </Group>
      <Loaded query={query} rows={6}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={<IconShare size={30} />} title={t('shares.emptyTitle')}>
              {t('shares.emptyText')}
            </Empty>
          ) : (
            <Stack>
              <ShareTable shares={items} />
              <PageControl page={page} size={PAGE} total={total} onChange={(next) => show({ ...filter, page: next })} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

function ShareTable({ shares }: { shares: AdminShare[] }) {
  const { t } = useTranslation('console');
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('shares.what')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('shares.where')}</Table.Th>
              <Table.Th visibleFrom="xs">{t('shares.state')}</Table.Th>
              <Table.Th visibleFrom="md">{t('shares.used')}</Table.Th>
              <Table.Th visibleFrom="lg">{t('shares.expires')}</Table.Th>
              <Table.Th>{t('shares.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shares.map((share) => (
              <Row key={share.id} share={share} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function Row({ share }: { share: AdminShare }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const confirm = useConfirm();
  const tell = useTellFailure();
  const revoke = useChange(
    () => sharesAdmin.revoke(share.id),
    [['admin-shares'], ['overview'], ['shares']],
    () => tellDone(t('shares.revoked')),
  );
  const name = share.resource_name || t('shares.inTrash');
  const state = <StateBadge tone={TONES[share.status]}>{t(`shareStatus.${share.status}`)}</StateBadge>;
  const ask = async () => {
    const sure = await confirm({
      title: t('shares.revokeTitle', { name }),
      text: t('shares.revokeText'),
      act: t('shares.revoke'),
    });
    if (sure) revoke.mutate(undefined, { onError: tell });
  };
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {t(`shares.${share.target.type}`)} · {t('shares.sharedBy', { name: share.shared_by || '–' })}
          {share.has_password && ` · ${t('shares.hasPassword')}`}
        </Text>
        <Box hiddenFrom="xs" mt={4}>
          {state}
        </Box>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {share.owner.type === 'team' ? (
          <LinkAnchor to="/admin/teams/$teamId" params={{ teamId: share.owner.id }} size="sm">
            {t('shares.team', { name: share.owner.name })}
          </LinkAnchor>
        ) : (
          <LinkAnchor to="/admin/users/$userId" params={{ userId: share.owner.id }} size="sm">
            {share.owner.name}
          </LinkAnchor>
        )}
      </Table.Td>
      <Table.Td visibleFrom="xs">{state}</Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm">
          {share.max_downloads > 0
            ? t('shares.downloadsOf', {
                number: format.count(share.download_count),
                most: format.count(share.max_downloads),
              })
            : t('shares.downloads', { count: share.download_count, number: format.count(share.download_count) })}
        </Text>
        <Text size="xs" c="dimmed">
          {t('shares.views', { count: share.view_count, number: format.count(share.view_count) })}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm">{share.expires_at ? format.time(share.expires_at) : t('shares.never')}</Text>
      </Table.Td>
      <Table.Td>
        <Button
          size="xs"
          variant="default"
          loading={revoke.isPending}
          onClick={ask}
          aria-label={t('shares.revokeWhat', { name })}
        >
          {t('shares.revoke')}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
