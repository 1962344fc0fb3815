import { Card, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type Node, nodeQuery } from '@/api/nodes';
import { Copyable } from '@/components/Copyable';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { CapabilityReport } from './CapabilityReport';
import { Dependents } from './Dependents';
import { DiagnosisView } from './DiagnosisView';
import { NodeActions } from './NodeActions';
import { Space } from './NodesPage';
import { stateOf } from './state';
import { TargetsCard } from './TargetsCard';

const route = getRouteApi('/signed-in/admin/remote-nodes/$nodeId');
const AGAIN_MS = 5_000;

export function NodePage() {
  const { t } = useTranslation('nodes');
  const { nodeId } = route.useParams();
  const query = useQuery({ ...nodeQuery(nodeId), refetchInterval: AGAIN_MS });
  const node = query.data;
  const state = node && stateOf(node);
  return (
    <Page
      title={node?.name ?? t('list.title')}
      beside={state && <StateBadge tone={state.tone}>{t(`state.${state.id}`)}</StateBadge>}
      about={state && t(`reason.${state.id}`)}
      above={[
        <LinkAnchor key="nodes" to="/admin/remote-nodes" size="sm">
          {t('list.title')}
        </LinkAnchor>,
      ]}
      actions={node && <NodeActions node={node} />}
    >
      <Loaded query={query} rows={6}>
        {(loaded) => <NodeView node={loaded} />}
      </Loaded>
    </Page>
  );
}

function NodeView({ node }: { node: Node }) {
  const format = useFormat();
  const { t } = useTranslation('nodes');
  return (
    <Stack gap="lg">
      {node.diagnosis && node.enrollment_status === 'completed' && <DiagnosisView diagnosis={node.diagnosis} />}
      <Card>
        <dl className="facts">
          <dt>{t('page.address')}</dt>
          <dd>
            {node.base_url ? (
              <Copyable inline text={node.base_url} label={t('page.address')} />
            ) : (
              <Text size="sm" c="dimmed">
                {t('list.noAddress')}
              </Text>
            )}
          </dd>
          <dt>{t('name.namespace')}</dt>
          <dd>{node.namespace}</dd>
          <dt>{t('page.enrollment')}</dt>
          <dd>{t(`enrollment.${node.enrollment_status}`)}</dd>
          <dt>{t('list.checked')}</dt>
          <dd>{node.last_checked_at ? format.time(node.last_checked_at) : t('list.never')}</dd>
          {node.unreachable_since && (
            <>
              <dt>{t('page.unreachable')}</dt>
              <dd>{format.time(node.unreachable_since)}</dd>
            </>
          )}
          <dt>{t('list.space')}</dt>
          <dd style={{ maxWidth: 420 }}>
            <Space node={node} wide />
          </dd>
        </dl>
      </Card>
      <TargetsCard node={node} />
      <Dependents node={node} />
      {node.enrollment_status === 'completed' && (
        <section aria-labelledby="capabilities">
          <Title order={2} size="h4" mb="sm" id="capabilities">
            {t('page.capabilities')}
          </Title>
          <CapabilityReport node={node} />
        </section>
      )}
    </Stack>
  );
}
