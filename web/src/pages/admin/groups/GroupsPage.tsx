import { Card, Group, Stack, Table, Text } from '@mantine/core';
import { IconPlus, IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { groupsQuery, type Group as PolicyGroup } from '@/api/groups';
import { type Policy, policiesQuery } from '@/api/policies';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkButton, RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { inOrder } from './rules';

export function GroupsPage() {
  const { t } = useTranslation('admin');
  const query = useQuery(groupsQuery);
  const policies = useQuery(policiesQuery);
  const add = (
    <LinkButton to="/admin/policy-groups/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t('groups.add')}
    </LinkButton>
  );
  return (
    <Page title={t('groups.title')} about={t('groups.about')} actions={add}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<IconRoute size={30} />} title={t('groups.emptyTitle')} action={add}>
              {t('groups.emptyText')}
            </Empty>
          ) : (
            <Card padding={0}>
              <Table.ScrollContainer minWidth={300} type="native">
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('groups.name')}</Table.Th>
                      <Table.Th>{t('groups.rules')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('groups.state')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((group) => (
                      <Row key={group.id} group={group} policies={policies.data?.items ?? []} />
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

function Row({ group, policies }: { group: PolicyGroup; policies: Policy[] }) {
  const { t } = useTranslation('admin');
  const range = useRange();
  const name = (id: number) => policies.find((policy) => policy.id === id)?.name ?? `#${id}`;
  return (
    <Table.Tr>
      <Table.Td>
        <RowLink to="/admin/policy-groups/$groupId" params={{ groupId: group.id }}>
          {group.name}
        </RowLink>
        {group.description && (
          <Text size="xs" c="dimmed">
            {group.description}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Stack gap={2}>
          {inOrder(group.items).map((rule) => (
            <Text size="sm" key={rule.id}>
              {range(rule.min_file_size, rule.max_file_size)} → {name(rule.policy_id)}
            </Text>
          ))}
        </Stack>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Group gap="xs">
          <StateBadge tone={group.is_enabled ? 'good' : 'off'}>
            {group.is_enabled ? t('groups.enabled') : t('groups.disabled')}
          </StateBadge>
          {group.is_default && <StateBadge tone="off">{t('groups.default')}</StateBadge>}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function useRange() {
  const { t } = useTranslation('admin');
  const format = useFormat();
  return (min: number, max: number) => {
    if (min === 0 && max === 0) return t('range.all');
    if (max === 0) return t('range.from', { min: format.bytes(min) });
    if (min === 0) return t('range.below', { max: format.bytes(max) });
    return t('range.between', { min: format.bytes(min), max: format.bytes(max) });
  };
}
