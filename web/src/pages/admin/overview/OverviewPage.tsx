import { Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import { healthQuery } from '@/api/health';
import { nodesQuery } from '@/api/nodes';
import { overviewQuery } from '@/api/overview';
import { policiesQuery } from '@/api/policies';
import { tasksQuery } from '@/api/tasks';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';

import { AuditTable } from '../AuditTable';
import { TaskRows } from '../tasks/TaskRows';
import { Counters } from './Counters';
import { NodesHealth } from './NodesHealth';
import { BootstrapCard, SiteUrlWarning } from './notices';
import { StoredByPolicy } from './StoredByPolicy';

const SpaceChart = lazy(() => import('./SpaceChart'));
const ActivityChart = lazy(() => import('./ActivityChart'));
/** Live refresh: others work here, too. */
const AGAIN_MS = 15_000;

export function OverviewPage() {
  const { t } = useTranslation(['admin', 'console']);
  const health = useQuery(healthQuery);
  const overview = useQuery({ ...overviewQuery(), refetchInterval: AGAIN_MS });
  const [nodes, policies] = useQueries({
    queries: [{ ...nodesQuery, refetchInterval: AGAIN_MS }, policiesQuery],
  });
  const tasks = useQuery(tasksQuery({}, { limit: 5 }));
  return (
    <Page title={t('overview.title')} about={health.data && t('overview.version', { version: health.data.version })}>
      <SiteUrlWarning />
      <BootstrapCard />
      <Loaded query={overview} rows={2}>
        {(data) => <Counters overview={data} nodes={nodes.data?.items} />}
      </Loaded>
      <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: 'start' }}>
        <Stack>
          <Titled title={t('overview.activity')}>
            <Loaded query={overview} rows={3}>
              {({ days }) => (
                <Suspense fallback={<Skeleton height={240} />}>
                  <ActivityChart days={days} />
                </Suspense>
              )}
            </Loaded>
          </Titled>
          <Titled title={t('overview.health')}>
            <Loaded query={nodes} rows={2}>
              {({ items }) => <NodesHealth nodes={items} />}
            </Loaded>
          </Titled>
        </Stack>
        <Stack>
          <Titled title={t('overview.stored')}>
            <Loaded query={overview} rows={3}>
              {(data) => (
                <StoredByPolicy overview={data} policies={policies.data?.items ?? []} nodes={nodes.data?.items ?? []} />
              )}
            </Loaded>
          </Titled>
          <Titled title={t('overview.space')}>
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
          </Titled>
        </Stack>
      </SimpleGrid>
      <section aria-labelledby="recent-tasks">
        <Heading id="recent-tasks" title={t('overview.tasks')} to="/admin/tasks" all={t('overview.allTasks')} />
        <Loaded query={tasks} rows={2}>
          {({ items }) =>
            items.length === 0 ? <Text size="sm">{t('console:tasks.emptyTitle')}</Text> : <TaskRows tasks={items} />
          }
        </Loaded>
      </section>
      <section aria-labelledby="events">
        <Heading id="events" title={t('overview.events')} to="/admin/audit" all={t('overview.allEvents')} />
        <Loaded query={overview}>
          {({ events }) =>
            events.length === 0 ? <Text size="sm">{t('audit.emptyTitle')}</Text> : <AuditTable entries={events} />
          }
        </Loaded>
      </section>
    </Page>
  );
}

function Titled({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Card>
      <Title order={2} size="h4" mb="md">
        {title}
      </Title>
      <Stack>{children}</Stack>
    </Card>
  );
}

function Heading({ id, title, to, all }: { id: string; title: string; to: string; all: string }) {
  return (
    <Group justify="space-between" mb="sm">
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      <LinkAnchor to={to} size="sm">
        {all}
      </LinkAnchor>
    </Group>
  );
}
