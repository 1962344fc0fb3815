import { Card, Group, Progress, Stack, Table, Text } from '@mantine/core';
import { IconPlus, IconServer2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { type Node, nodesQuery } from '@/api/nodes';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkButton, RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { stateOf } from './state';

/** Live refresh: nodes change by themselves. */
const AGAIN_MS = 10_000;

export function NodesPage() {
  const { t } = useTranslation('nodes');
  const query = useQuery({ ...nodesQuery, refetchInterval: AGAIN_MS });
  const add = (
    <LinkButton to="/admin/remote-nodes/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t('list.add')}
    </LinkButton>
  );
  return (
    <Page title={t('list.title')} about={t('list.about')} actions={query.data?.items.length ? add : undefined}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<IconServer2 size={30} />} title={t('list.emptyTitle')} action={add}>
              {t('list.emptyText')}
            </Empty>
          ) : (
            <Card padding={0}>
              <Table.ScrollContainer minWidth={300} type="native">
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('list.name')}</Table.Th>
                      <Table.Th>{t('list.state')}</Table.Th>
                      <Table.Th visibleFrom="md">{t('list.address')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('list.space')}</Table.Th>
                      <Table.Th visibleFrom="lg">{t('list.checked')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((node) => (
                      <NodeRow key={node.id} node={node} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function NodeRow({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const format = useFormat();
  const state = stateOf(node);
  const unfinished = node.enrollment_status !== 'completed' || state.id === 'noAddress' || state.id === 'noTarget';
  return (
    <Table.Tr>
      <Table.Td>
        <Stack gap={0}>
          <RowLink
            to={unfinished ? '/admin/remote-nodes/$nodeId/setup' : '/admin/remote-nodes/$nodeId'}
            params={{ nodeId: node.id }}
          >
            {node.name}
          </RowLink>
          <Text size="xs" c="dimmed">
            {node.namespace}
          </Text>
        </Stack>
      </Table.Td>
      <Table.Td>
        <Group gap="xs">
          <StateBadge tone={state.tone}>{t(`state.${state.id}`)}</StateBadge>
        </Group>
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm" c={node.base_url ? undefined : 'dimmed'}>
          {node.base_url || t('list.noAddress')}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Space node={node} />
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm" c="dimmed" title={node.last_checked_at ? format.time(node.last_checked_at) : undefined}>
          {node.last_checked_at ? format.ago(node.last_checked_at, Date.now()) : t('list.never')}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** Used of all, as far as the follower can tell. */
export function Space({ node, wide = false }: { node: Node; wide?: boolean }) {
  const { t } = useTranslation('nodes');
  const format = useFormat();
  const space = node.capabilities.capacity;
  if (!space || space.total_bytes === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('list.spaceUnknown')}
      </Text>
    );
  }
  const used = ((space.total_bytes - space.free_bytes) / space.total_bytes) * 100;
  const label = t('check.ofTotal', { free: format.bytes(space.free_bytes), total: format.bytes(space.total_bytes) });
  return (
    <Stack gap={4} miw={wide ? undefined : 140}>
      <Progress value={used} color={used > 90 ? 'red.7' : 'aster'} size={wide ? 'lg' : 'sm'} aria-label={label} />
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </Stack>
  );
}
