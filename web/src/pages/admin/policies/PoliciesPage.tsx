import { Card, Group, Table, Text } from '@mantine/core';
import { IconDatabase, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { nodesQuery } from '@/api/nodes';
import { overviewQuery } from '@/api/overview';
import { type Policy, policiesQuery } from '@/api/policies';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor, LinkButton, RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { PolicyTest } from './PolicyTest';

export function PoliciesPage() {
  const { t } = useTranslation('admin');
  const query = useQuery(policiesQuery);
  const add = (
    <LinkButton to="/admin/policies/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t('policies.add')}
    </LinkButton>
  );
  return (
    <Page title={t('policies.title')} about={t('policies.about')} actions={add}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<IconDatabase size={30} />} title={t('policies.emptyTitle')} action={add}>
              {t('policies.emptyText')}
            </Empty>
          ) : (
            <Card padding={0}>
              <Table.ScrollContainer minWidth={300} type="native">
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('policies.name')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('policies.where')}</Table.Th>
                      <Table.Th visibleFrom="md">{t('policies.stored')}</Table.Th>
                      <Table.Th visibleFrom="lg">{t('policies.limit')}</Table.Th>
                      <Table.Th>{t('policies.test')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((policy) => (
                      <Row key={policy.id} policy={policy} />
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

function Row({ policy }: { policy: Policy }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const overview = useQuery(overviewQuery());
  const use = overview.data?.policies.find((each) => each.policy_id === policy.id);
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <RowLink to="/admin/policies/$policyId" params={{ policyId: policy.id }}>
            {policy.name}
          </RowLink>
          {policy.is_default && <StateBadge tone="off">{t('policies.default')}</StateBadge>}
        </Group>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Where policy={policy} />
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm">{format.bytes(use?.bytes ?? 0)}</Text>
        <Text size="xs" c="dimmed">
          {t('policies.objects', { count: use?.blobs ?? 0, number: format.count(use?.blobs ?? 0) })}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm">{policy.max_file_size ? format.bytes(policy.max_file_size) : t('policies.unlimited')}</Text>
      </Table.Td>
      <Table.Td>
        <PolicyTest policy={policy} />
      </Table.Td>
    </Table.Tr>
  );
}

function Where({ policy }: { policy: Policy }) {
  const { t } = useTranslation('admin');
  const nodes = useQuery({ ...nodesQuery, enabled: policy.driver_type === 'remote' });
  const nodeId = policy.remote_node_id;
  const node = nodes.data?.items.find((each) => each.id === nodeId);
  if (policy.driver_type === 'remote' && nodeId !== null) {
    return (
      <Text size="sm">
        {t('driver.remote')}{' '}
        <LinkAnchor to="/admin/remote-nodes/$nodeId" params={{ nodeId }} size="sm">
          {node?.name ?? `#${nodeId}`}
        </LinkAnchor>
        {policy.base_path && ` · ${policy.base_path}`}
      </Text>
    );
  }
  return (
    <Text size="sm">
      {t(`driver.${policy.driver_type}`)} · {policy.bucket || policy.base_path}
    </Text>
  );
}
