import { Alert, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import { auditQuery } from '@/api/audit';
import { bootstrapQuery } from '@/api/bootstrap';
import { groupsQuery } from '@/api/groups';
import { healthQuery } from '@/api/health';
import { type Node, nodesQuery } from '@/api/nodes';
import { policiesQuery } from '@/api/policies';
import { settingsQuery, siteUrls } from '@/api/settings';
import { usersQuery } from '@/api/users';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor, LinkButton, RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { AuditTable } from './AuditPage';
import { stateOf } from './nodes/state';

const SpaceChart = lazy(() => import('./SpaceChart'));
const AGAIN_MS = 15_000;

export function OverviewPage() {
  const { t } = useTranslation('admin');
  const health = useQuery(healthQuery);
  const [nodes, policies, groups, users] = useQueries({
    queries: [{ ...nodesQuery, refetchInterval: AGAIN_MS }, policiesQuery, groupsQuery, usersQuery({ limit: 100 })],
  });
  const events = useQuery(auditQuery({}, { limit: 8 }));
  return (
    <Page title={t('overview.title')} about={health.data && t('overview.version', { version: health.data.version })}>
      <SiteUrlWarning />
      <BootstrapCard />
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Count label={t('overview.users')} to="/admin/users" value={users.data?.total} />
        <Count label={t('overview.nodes')} to="/admin/remote-nodes" value={nodes.data?.total} />
        <Count label={t('overview.policies')} to="/admin/policies" value={policies.data?.total} />
        <Count label={t('overview.groups')} to="/admin/policy-groups" value={groups.data?.total} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Card>
          <Title order={2} size="h4" mb="md">
            {t('overview.health')}
          </Title>
          <Loaded query={nodes} rows={2}>
            {({ items }) => <NodesHealth nodes={items} />}
          </Loaded>
        </Card>
        <Card>
          <Title order={2} size="h4" mb="md">
            {t('overview.space')}
          </Title>
          <Loaded query={nodes} rows={2}>
            {({ items }) => {
              const known = items.filter((node) => node.capabilities.capacity);
              return known.length === 0 ? (
                <Text size="sm" c="dimmed">
                  {t('overview.noSpace')}
                </Text>
              ) : (
                <Suspense fallback={<Skeleton height={160} />}>
                  <SpaceChart nodes={known} />
                </Suspense>
              );
            }}
          </Loaded>
        </Card>
      </SimpleGrid>
      <section aria-labelledby="events">
        <Group justify="space-between" mb="sm">
          <Title order={2} size="h4" id="events">
            {t('overview.events')}
          </Title>
          <LinkAnchor to="/admin/audit" size="sm">
            {t('overview.allEvents')}
          </LinkAnchor>
        </Group>
        <Loaded query={events}>
          {({ items }) =>
            items.length === 0 ? (
              <Text size="sm">{t('audit.emptyTitle')}</Text>
            ) : (
              <AuditTable entries={items} users={users.data?.items ?? []} />
            )
          }
        </Loaded>
      </section>
    </Page>
  );
}

function Count({ label, value, to }: { label: string; value: number | undefined; to: string }) {
  const format = useFormat();
  return (
    <Card padding="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {value === undefined ? (
        <Skeleton height={32} width={60} mt={4} />
      ) : (
        <LinkAnchor to={to} c="inherit" fz={28} fw={650} lh={1.2} aria-label={`${label}: ${value}`}>
          {format.count(value)}
        </LinkAnchor>
      )}
    </Card>
  );
}

function NodesHealth({ nodes }: { nodes: Node[] }) {
  const { t } = useTranslation(['admin', 'nodes']);
  if (nodes.length === 0) {
    return (
      <Stack align="flex-start" gap="sm">
        <Text size="sm" c="dimmed">
          {t('overview.noNodes')}
        </Text>
        <LinkButton to="/admin/remote-nodes/new" size="sm">
          {t('nodes:list.add')}
        </LinkButton>
      </Stack>
    );
  }
  return (
    <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
      {nodes.map((node) => {
        const state = stateOf(node);
        return (
          <Group component="li" key={node.id} justify="space-between" gap="xs">
            <div style={{ flex: '1 1 12rem' }}>
              <RowLink to="/admin/remote-nodes/$nodeId" params={{ nodeId: node.id }}>
                {node.name}
              </RowLink>
              <Text size="xs" c="dimmed">
                {t(`nodes:reason.${state.id}`)}
              </Text>
            </div>
            <StateBadge tone={state.tone}>{t(`nodes:state.${state.id}`)}</StateBadge>
          </Group>
        );
      })}
    </Stack>
  );
}

/** The address in the browser must be one the server knows, or its own pages may not change anything. */
function SiteUrlWarning() {
  const { t } = useTranslation('admin');
  const settings = useQuery(settingsQuery);
  if (!settings.data) return null;
  const urls = siteUrls(settings.data);
  if (urls.includes(window.location.origin)) return null;
  return (
    <Alert color="yellow" title={urls.length === 0 ? t('overview.noSiteUrl') : t('overview.otherSiteUrl')}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{t('overview.siteUrlText', { origin: window.location.origin })}</Text>
        <LinkAnchor to="/admin/settings" size="sm">
          {t('overview.toSettings')}
        </LinkAnchor>
      </Stack>
    </Alert>
  );
}

/** How far the declared bootstrap is, as long as it is not through. */
function BootstrapCard() {
  const { t } = useTranslation('admin');
  const query = useQuery(bootstrapQuery);
  if (!query.data?.declared || query.data.satisfied) return null;
  return (
    <Card>
      <Title order={2} size="h4">
        {t('bootstrap.title')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('bootstrap.about')}
      </Text>
      <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
        {query.data.steps.map((step) => (
          <Group component="li" key={`${step.kind}/${step.node ?? ''}/${step.name}`} gap="sm" align="flex-start">
            <StateBadge tone={step.state === 'done' ? 'good' : step.state === 'failed' ? 'bad' : 'wait'}>
              {t(`bootstrap.${step.state}`)}
            </StateBadge>
            <div>
              <Text size="sm">{[step.node, step.name].filter(Boolean).join(' / ')}</Text>
              {step.message && (
                <Text size="xs" c="dimmed" lang="en">
                  {step.message}
                </Text>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
