import { Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Node } from '@/api/nodes';
import type { Overview } from '@/api/overview';
import type { Policy } from '@/api/policies';
import { RowLink } from '@/components/links';
import { useFormat } from '@/i18n/format';

interface Props {
  overview: Overview;
  policies: Policy[];
  nodes: Node[];
}

/** Bytes by storage policy, the fullest first, with the node they lie on. */
export function StoredByPolicy({ overview, policies, nodes }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const rows = policies
    .map((policy) => {
      const use = overview.policies.find((each) => each.policy_id === policy.id);
      const node = nodes.find((each) => each.id === policy.remote_node_id)?.name;
      return { policy, node, blobs: use?.blobs ?? 0, bytes: use?.bytes ?? 0 };
    })
    .sort((a, b) => b.bytes - a.bytes);
  const most = Math.max(1, overview.totals.stored_bytes);
  return (
    <Stack component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }}>
      {rows.map(({ policy, node, blobs, bytes }) => {
        const amount = t('overview.amount', { size: format.bytes(bytes), count: blobs, number: format.count(blobs) });
        return (
          <li key={policy.id}>
            <Group justify="space-between" gap="xs" mb={4}>
              <Text size="sm" component="div">
                <RowLink to="/admin/policies/$policyId" params={{ policyId: policy.id }}>
                  {policy.name}
                </RowLink>
                <Text span c="dimmed" inherit>
                  {' '}
                  · {node ?? t(`driver.${policy.driver_type}`)}
                </Text>
              </Text>
              <Text size="sm">{amount}</Text>
            </Group>
            <Progress value={(bytes / most) * 100} size="sm" aria-label={`${policy.name}: ${amount}`} />
          </li>
        );
      })}
    </Stack>
  );
}
