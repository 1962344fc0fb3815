import { Card, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import type { Node } from '@/api/nodes';
import { overviewQuery } from '@/api/overview';
import { policiesQuery } from '@/api/policies';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { useFormat } from '@/i18n/format';

import { impactOfPolicies } from '../impact';
import { policiesOn } from './wizard/steps';

/** What stops working when this node does. */
export function Dependents({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const policies = useQuery(policiesQuery);
  const groups = useQuery(groupsQuery);
  const overview = useQuery(overviewQuery());
  const format = useFormat();
  const own = policiesOn(node.id, policies.data?.items ?? []);
  const impact = impactOfPolicies(own, groups.data?.items ?? [], overview.data ?? { policies: [], groups: [] });
  const using = impact.groups;
  return (
    <Card>
      <Title order={2} size="h4">
        {t('page.dependents')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('page.dependentsAbout')}
      </Text>
      <Loaded query={policies} rows={1}>
        {() =>
          own.length === 0 ? (
            <Text size="sm">{t('page.noDependents')}</Text>
          ) : (
            <dl className="facts">
              <dt>{t('page.policies')}</dt>
              <dd>
                <Group gap="sm">
                  {own.map((policy) => (
                    <LinkAnchor key={policy.id} to="/admin/policies/$policyId" params={{ policyId: policy.id }}>
                      {policy.name}
                    </LinkAnchor>
                  ))}
                </Group>
              </dd>
              <dt>{t('page.groups')}</dt>
              <dd>
                <Group gap="sm">
                  {using.map((group) => (
                    <LinkAnchor key={group.id} to="/admin/policy-groups/$groupId" params={{ groupId: group.id }}>
                      {group.name}
                    </LinkAnchor>
                  ))}
                  {using.length === 0 && '–'}
                </Group>
              </dd>
              <dt>{t('page.people')}</dt>
              <dd>{t('page.peopleCount', { users: format.count(impact.users), teams: format.count(impact.teams) })}</dd>
              <dt>{t('page.stored')}</dt>
              <dd>
                {t('page.storedCount', {
                  size: format.bytes(impact.bytes),
                  count: impact.blobs,
                  number: format.count(impact.blobs),
                })}
              </dd>
            </dl>
          )
        }
      </Loaded>
    </Card>
  );
}
