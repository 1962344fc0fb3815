import { Card, SimpleGrid, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Node } from '@/api/nodes';
import type { Overview } from '@/api/overview';
import { LinkAnchor } from '@/components/links';
import { useFormat } from '@/i18n/format';

import { stateOf } from '../nodes/state';

interface Props {
  overview: Overview;
  nodes: Node[] | undefined;
}

/** How much there is, each number a link to where it comes from. */
export function Counters({ overview: { totals, days }, nodes }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const today = days.at(-1);
  const healthy = nodes?.filter((node) => stateOf(node).id === 'healthy').length ?? 0;
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, xl: 6 }}>
      <Counter
        label={t('overview.users')}
        to="/admin/users"
        value={format.count(totals.users)}
        about={t('overview.activeUsers', { number: format.count(totals.active_users) })}
      />
      <Counter label={t('overview.teams')} to="/admin/teams" value={format.count(totals.teams)} />
      <Counter
        label={t('overview.files')}
        value={format.count(totals.files)}
        about={t('overview.bytes', { size: format.bytes(totals.stored_bytes) })}
      />
      <Counter label={t('overview.shares')} to="/admin/shares" value={format.count(totals.shares)} />
      <Counter
        label={t('overview.nodes')}
        to="/admin/remote-nodes"
        value={nodes ? format.count(nodes.length) : '–'}
        about={nodes && nodes.length > 0 ? t('overview.healthyNodes', { number: format.count(healthy) }) : undefined}
      />
      <Counter
        label={t('overview.eventsToday')}
        to="/admin/audit"
        value={format.count(today?.events ?? 0)}
        about={t('overview.uploadsToday', { number: format.count(today?.uploads ?? 0) })}
      />
    </SimpleGrid>
  );
}

interface CounterProps {
  label: string;
  value: string;
  about?: string | undefined;
  to?: string;
}

function Counter({ label, value, about, to }: CounterProps) {
  return (
    <Card padding="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {to ? (
        <LinkAnchor to={to} c="inherit" fz={28} fw={650} lh={1.2} aria-label={`${label}: ${value}`}>
          {value}
        </LinkAnchor>
      ) : (
        <Text fz={28} fw={650} lh={1.2}>
          {value}
        </Text>
      )}
      {about && (
        <Text size="xs" c="dimmed">
          {about}
        </Text>
      )}
    </Card>
  );
}
