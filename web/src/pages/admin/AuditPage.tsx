import { Card, Group, Pagination, Select, Stack, Table, Text } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type AuditEntry, auditQuery } from '@/api/audit';
import { type User, usersQuery } from '@/api/users';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';
import { useFormat } from '@/i18n/format';

import type { AuditSearch } from './auditSearch';

const route = getRouteApi('/signed-in/admin/audit');
const PAGE = 50;
const ACTIONS = ['create', 'change', 'delete', 'issue_token', 'leave_out'] as const;
const ENTITIES = ['user', 'setting', 'node', 'ingress_target', 'policy', 'policy_group'] as const;

export function AuditPage() {
  const { t } = useTranslation('admin');
  const search = route.useSearch();
  const navigate = useNavigate();
  const { page = 1, ...filter } = search;
  const query = useQuery(auditQuery(filter, { limit: PAGE, offset: (page - 1) * PAGE }));
  const people = useQuery(usersQuery({ limit: 100 }));
  const show = (change: Partial<AuditSearch>) => {
    const next = { ...search, page: undefined, ...change };
    const set = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
    return navigate({ to: '/admin/audit', search: set, replace: true });
  };
  return (
    <Page title={t('audit.title')} about={t('audit.about')}>
      <Group gap="sm" align="flex-end">
        <Select
          label={t('audit.action')}
          data={ACTIONS.map((value) => ({ value, label: t(`action.${value}`) }))}
          value={search.action ?? null}
          onChange={(value) => show({ action: value ?? undefined })}
          placeholder={t('audit.all')}
          clearable
          clearButtonProps={{ 'aria-label': t('audit.clear') }}
        />
        <Select
          label={t('audit.entity')}
          data={ENTITIES.map((value) => ({ value, label: t(`entity.${value}`) }))}
          value={search.entity_type ?? null}
          onChange={(value) => show({ entity_type: value ?? undefined })}
          placeholder={t('audit.all')}
          clearable
          clearButtonProps={{ 'aria-label': t('audit.clear') }}
        />
        <Select
          label={t('audit.user')}
          data={(people.data?.items ?? []).map((user) => ({ value: `${user.id}`, label: user.username }))}
          value={search.user_id ? `${search.user_id}` : null}
          onChange={(value) => show({ user_id: value ? Number(value) : undefined })}
          placeholder={t('audit.all')}
          clearable
          searchable
          clearButtonProps={{ 'aria-label': t('audit.clear') }}
        />
      </Group>
      <Loaded query={query} rows={8}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={<IconHistory size={30} />} title={t('audit.emptyTitle')}>
              {t('audit.emptyText')}
            </Empty>
          ) : (
            <Stack>
              <AuditTable entries={items} users={people.data?.items ?? []} />
              {total > PAGE && (
                <Pagination
                  value={page}
                  onChange={(next) => show({ page: next })}
                  total={Math.ceil(total / PAGE)}
                  getControlProps={(control) => ({ 'aria-label': t(`pagination.${control}`) })}
                  getItemProps={(item) => ({ 'aria-label': t('pagination.page', { page: item }) })}
                />
              )}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

export function AuditTable({ entries, users }: { entries: AuditEntry[]; users: User[] }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const who = (id: number | null) =>
    id === null ? t('audit.bootstrap') : (users.find((user) => user.id === id)?.username ?? `#${id}`);
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('audit.when')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('audit.user')}</Table.Th>
              <Table.Th>{t('audit.what')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.id}>
                <Table.Td>
                  <Text size="sm" c="dimmed" component="time" dateTime={entry.created_at}>
                    {format.time(entry.created_at)}
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="sm">
                  <Text size="sm">{who(entry.user_id)}</Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm">
                    {t('audit.sentence', {
                      action: t(`action.${entry.action as 'create'}`, { defaultValue: entry.action }),
                      entity: t(`entity.${entry.entity_type as 'user'}`, { defaultValue: entry.entity_type }),
                    })}{' '}
                    <Subject entry={entry} />
                  </Text>
                  {entry.details.text && (
                    <Text size="xs" c="dimmed" lang="en">
                      {entry.details.text}
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

/** The thing by its name of then, as a link where there is a page for it. */
function Subject({ entry }: { entry: AuditEntry }) {
  const { entity_type: type, entity_id: id, entity_name: name } = entry;
  if (entry.action === 'delete' || id === null) return <b>{name}</b>;
  if (type === 'node' || type === 'ingress_target') {
    return (
      <LinkAnchor to="/admin/remote-nodes/$nodeId" params={{ nodeId: id }} inherit underline="always">
        {name}
      </LinkAnchor>
    );
  }
  if (type === 'policy') {
    return (
      <LinkAnchor to="/admin/policies/$policyId" params={{ policyId: id }} inherit underline="always">
        {name}
      </LinkAnchor>
    );
  }
  if (type === 'policy_group') {
    return (
      <LinkAnchor to="/admin/policy-groups/$groupId" params={{ groupId: id }} inherit underline="always">
        {name}
      </LinkAnchor>
    );
  }
  if (type === 'user') {
    return (
      <LinkAnchor to="/admin/users/$userId" params={{ userId: id }} inherit underline="always">
        {name}
      </LinkAnchor>
    );
  }
  return <b>{name}</b>;
}
