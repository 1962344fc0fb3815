import { Stack, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { type Group, groupsQuery } from '@/api/groups';
import { overviewQuery } from '@/api/overview';
import { type Policy, policiesQuery } from '@/api/policies';
import { Loading } from '@/components/Loaded';
import { Problem } from '@/components/Problem';
import { ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { groupsLeftShort, type Impact, impactOfGroup, impactOfPolicies } from './impact';

interface Props {
  /** What it is about: the policies on a node, one policy, or a group. */
  of: { nodeId: number } | { policy: Policy } | { group: Group };
}

/** Who and what something touches, read anew when it is shown: in a question before it is done. */
export function ImpactNote({ of }: Props) {
  const [policies, groups, overview] = useQueries({
    queries: [policiesQuery, groupsQuery, { ...overviewQuery(), staleTime: 0 }],
  });
  const error = policies.error ?? groups.error ?? overview.error;
  if (error) return <Problem error={error} />;
  if (!policies.data || !groups.data || !overview.data) return <Loading rows={1} />;
  if ('group' in of) return <ImpactLines impact={impactOfGroup(of.group, overview.data)} />;
  const own =
    'policy' in of ? [of.policy] : policies.data.items.filter((policy) => policy.remote_node_id === of.nodeId);
  const impact = impactOfPolicies(own, groups.data.items, overview.data);
  return <ImpactLines impact={impact} short={groupsLeftShort(own, groups.data.items)} />;
}

function ImpactLines({ impact, short = [] }: { impact: Impact; short?: Group[] }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const names = (items: { name: string }[]) => format.list(items.map(({ name }) => name));
  const { policies, groups, users, teams, blobs, bytes } = impact;
  const lines = [
    policies.length > 0 && t('impact.policies', { count: policies.length, names: names(policies) }),
    policies.length > 0 && groups.length > 0 && t('impact.groups', { count: groups.length, names: names(groups) }),
    blobs > 0 && t('impact.stored', { count: blobs, number: format.count(blobs), size: format.bytes(bytes) }),
    users > 0 && t('impact.users', { count: users, number: format.count(users) }),
    teams > 0 && t('impact.teams', { count: teams, number: format.count(teams) }),
    short.length > 0 && t('impact.short', { count: short.length, names: names(short) }),
  ].filter((line) => line !== false);
  return (
    <Stack component="ul" gap={6} m={0} p={0} mt="sm" style={{ listStyle: 'none' }} data-testid="impact">
      {lines.length === 0 ? (
        <Line tone="good">{t('impact.nothing')}</Line>
      ) : (
        lines.map((line) => (
          <Line key={line} tone="warn">
            {line}
          </Line>
        ))
      )}
    </Stack>
  );
}

function Line({ tone, children }: { tone: 'good' | 'warn'; children: string }) {
  return (
    <li style={{ display: 'flex', gap: 8 }}>
      <ToneIcon tone={tone} />
      <Text size="sm">{children}</Text>
    </li>
  );
}
