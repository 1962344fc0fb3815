import { useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { nodeQuery } from '@/api/nodes';
import { overviewQuery } from '@/api/overview';
import { policiesQuery } from '@/api/policies';
import { settingsQuery, siteUrls } from '@/api/settings';
import { targetsQuery } from '@/api/targets';
import { Loading } from '@/components/Loaded';
import { LinkAnchor, LinkButton } from '@/components/links';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { DoneStep, GroupStep, PolicyStep, UserStep } from './routingSteps';
import { nextStep, type Step } from './steps';
import { AddressStep, EnrollStep, NameStep, SiteStep, TargetStep, TestStep } from './stepViews';
import { WizardFrame } from './WizardFrame';

const route = getRouteApi('/signed-in/admin/remote-nodes/$nodeId/setup');
/** While a follower is awaited. */
const WATCH_MS = 1_500;

export function WizardPage() {
  const { t } = useTranslation('nodes');
  const { nodeId } = route.useParams();
  const node = useQuery({
    ...nodeQuery(nodeId),
    refetchInterval: (query) => (query.state.data?.enrollment_status === 'completed' ? false : WATCH_MS),
  });
  const [policies, groups, settings, overview] = useQueries({
    queries: [policiesQuery, groupsQuery, settingsQuery, overviewQuery()],
  });
  const enrolled = node.data?.enrollment_status === 'completed' && node.data.base_url !== '';
  const targets = useQuery({ ...targetsQuery(nodeId), enabled: enrolled });
  const asked = targets.data !== undefined || targets.error !== null || !enrolled;
  const facts =
    node.data && policies.data && groups.data && settings.data && !overview.isPending && asked
      ? {
          siteUrls: siteUrls(settings.data),
          node: node.data,
          targets: targets.data,
          policies: policies.data.items,
          groups: groups.data.items,
          uses: overview.data?.groups,
        }
      : undefined;
  const next = facts ? nextStep(facts) : undefined;
  const [looked, setLooked] = useState<Step>();
  // Whenever the server's state moves on, so does the page; looking back lasts until then.
  const before = useRef(next);
  useEffect(() => {
    if (before.current !== next) setLooked(undefined);
    before.current = next;
  }, [next]);
  const error = node.error ?? policies.error ?? groups.error ?? settings.error;
  const shown = looked ?? next;
  return (
    <Page
      title={node.data ? t('wizard.title', { name: node.data.name }) : t('wizard.newTitle')}
      about={t('wizard.about')}
      above={[
        <LinkAnchor key="nodes" to="/admin/remote-nodes" size="sm">
          {t('list.title')}
        </LinkAnchor>,
      ]}
      actions={
        <LinkButton to="/admin/remote-nodes/$nodeId" params={{ nodeId }} variant="default">
          {t('wizard.later')}
        </LinkButton>
      }
    >
      {error && !facts && <Problem error={error} retry={() => void node.refetch()} />}
      {!error && !facts && <Loading rows={6} />}
      {facts && next && shown && (
        <WizardFrame shown={shown} next={next} onShow={setLooked}>
          {shown === 'site' && <SiteStep urls={facts.siteUrls} onDone={() => setLooked(undefined)} />}
          {shown === 'name' && <NameStep node={facts.node} />}
          {shown === 'address' && <AddressStep node={facts.node} />}
          {shown === 'enroll' && <EnrollStep node={facts.node} />}
          {shown === 'test' && <TestStep node={facts.node} />}
          {shown === 'target' && <TargetStep node={facts.node} targets={facts.targets} />}
          {shown === 'policy' && <PolicyStep node={facts.node} policies={facts.policies} />}
          {shown === 'group' && <GroupStep {...facts} />}
          {shown === 'user' && <UserStep {...facts} />}
          {shown === 'done' && <DoneStep {...facts} />}
        </WizardFrame>
      )}
    </Page>
  );
}
