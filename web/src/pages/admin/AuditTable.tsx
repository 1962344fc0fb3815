import { Card, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { AuditEntry } from '@/api/audit';
import { LinkAnchor } from '@/components/links';
import { useFormat } from '@/i18n/format';

import { humanize } from './settings/humanize';
import { useUsernames } from './useUsernames';

interface Props {
  entries: AuditEntry[];
  /** With address and program of the client. */
  origins?: boolean;
}

export function AuditTable({ entries, origins = false }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const nameOf = useUsernames(entries.map((entry) => entry.user_id));
  const who = (id: number | null) => (id === null ? t('audit.nobody') : (nameOf(id) ?? `#${id}`));
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('audit.when')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('audit.user')}</Table.Th>
              <Table.Th>{t('audit.what')}</Table.Th>
              {origins && <Table.Th visibleFrom="lg">{t('audit.from')}</Table.Th>}
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
                  <What entry={entry} />
                </Table.Td>
                {origins && (
                  <Table.Td visibleFrom="lg" maw={260}>
                    <Text size="sm">{entry.ip_address || '–'}</Text>
                    <Text size="xs" c="dimmed" lang="en" truncate title={entry.client}>
                      {entry.client}
                    </Text>
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function What({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation('admin');
  return (
    <>
      <Text size="sm">
        {t('audit.sentence', {
          action: t(`action.${entry.action as 'create'}`, { defaultValue: humanize(entry.action) }),
          entity: t(`entity.${entry.entity_type as 'user'}`, { defaultValue: humanize(entry.entity_type) }),
        })}{' '}
        <Subject entry={entry} />
      </Text>
      {entry.details.text && (
        <Text size="xs" c="dimmed" lang="en">
          {entry.details.text}
        </Text>
      )}
    </>
  );
}

/** The thing by its name of then, as a link where there is a page for it. */
function Subject({ entry }: { entry: AuditEntry }) {
  const to = pageOf(entry);
  if (!to) return <b>{entry.entity_name}</b>;
  return (
    <LinkAnchor {...to} inherit underline="always">
      {entry.entity_name}
    </LinkAnchor>
  );
}

function pageOf({ action, entity_type: type, entity_id: id }: AuditEntry) {
  if (action === 'delete' || id === null) return undefined;
  switch (type) {
    case 'node':
    case 'ingress_target':
      return { to: '/admin/remote-nodes/$nodeId', params: { nodeId: id } } as const;
    case 'policy':
      return { to: '/admin/policies/$policyId', params: { policyId: id } } as const;
    case 'policy_group':
      return { to: '/admin/policy-groups/$groupId', params: { groupId: id } } as const;
    case 'user':
      return { to: '/admin/users/$userId', params: { userId: id } } as const;
    case 'team':
      return { to: '/admin/teams/$teamId', params: { teamId: id } } as const;
    case 'task':
      return { to: '/admin/tasks/$taskId', params: { taskId: id } } as const;
    default:
      return undefined;
  }
}
