import { Alert, Button, Card, Grid, Group, Select, Stack, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { nodesQuery } from '@/api/nodes';
import { policiesQuery } from '@/api/policies';
import { type Role, type User, type UserChange, type UserStatus, userQuery, users } from '@/api/users';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { tellDone } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { RuleProbe } from '../groups/RuleProbe';
import { inOrder, skippedPolicies } from '../groups/rules';
import { UserActions } from './UserActions';

const route = getRouteApi('/signed-in/admin/users/$userId');

export function UserPage() {
  const { t } = useTranslation('admin');
  const { userId } = route.useParams();
  const query = useQuery(userQuery(userId));
  return (
    <Page
      title={query.data?.username ?? t('users.title')}
      about={query.data?.email}
      above={[
        <LinkAnchor key="users" to="/admin/users" size="sm">
          {t('users.title')}
        </LinkAnchor>,
      ]}
      actions={query.data && <UserActions user={query.data} />}
    >
      <Loaded query={query}>{(user) => <UserView key={user.updated_at} user={user} />}</Loaded>
    </Page>
  );
}

function UserView({ user }: { user: User }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const [groups, policies, nodes] = useQueries({ queries: [groupsQuery, policiesQuery, nodesQuery] });
  const [groupId, setGroupId] = useState(user.policy_group_id);
  const group = groups.data?.items.find((each) => each.id === groupId);
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 7 }}>
        <Stack>
          <UserForm user={user} onGroup={setGroupId} />
          <Card>
            <dl className="facts">
              <dt>{t('users.used')}</dt>
              <dd>{format.bytes(user.storage_used)}</dd>
              <dt>{t('users.created')}</dt>
              <dd>{format.time(user.created_at)}</dd>
              <dt>{t('users.traces')}</dt>
              <dd>
                <Group gap="sm">
                  <LinkAnchor to="/admin/audit" search={{ user_id: user.id }}>
                    {t('audit.title')}
                  </LinkAnchor>
                  <LinkAnchor to="/admin/shares" search={{ user_id: user.id }}>
                    {t('users.shares')}
                  </LinkAnchor>
                </Group>
              </dd>
            </dl>
          </Card>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 5 }}>
        {group && policies.data && nodes.data && (
          <RuleProbe
            rules={inOrder(group.items)}
            policies={policies.data.items}
            skipped={skippedPolicies(policies.data.items, nodes.data.items)}
            enabled={group.is_enabled}
          />
        )}
        {groups.data && !group && (
          <Alert color="yellow" title={t('users.noGroup')}>
            {t('users.noGroupText')}
          </Alert>
        )}
      </Grid.Col>
    </Grid>
  );
}

function UserForm({ user, onGroup }: { user: User; onGroup: (id: number) => void }) {
  const { t } = useTranslation(['admin', 'common']);
  const me = useMe();
  const groups = useQuery(groupsQuery);
  const [saved, setSaved] = useState(false);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: {
      role: user.role as string,
      status: user.status as string,
      policy_group_id: user.policy_group_id === null ? '' : `${user.policy_group_id}`,
      storage_quota: user.storage_quota,
    },
  });
  const save = useChange(
    (change: UserChange) => users.change(user.id, change),
    [['users'], ['me']],
    () => tellDone(t('users.saved')),
  );
  const act = submit(async ({ role, status, policy_group_id, storage_quota }) => {
    await save.mutateAsync({
      role: role as Role,
      status: status as UserStatus,
      storage_quota,
      ...(policy_group_id && { policy_group_id: Number(policy_group_id) }),
    });
    setSaved(true);
  });
  const own = me.id === user.id;
  return (
    <Card>
      <form onSubmit={act}>
        <UnsavedGuard unsaved={form.isDirty() && !saved} />
        <Stack>
          <Title order={2} size="h4">
            {t('users.settings')}
          </Title>
          {problem !== undefined && <Problem error={problem} />}
          <Select
            label={t('users.group')}
            description={t('users.groupAbout')}
            data={(groups.data?.items ?? []).map((group) => ({ value: `${group.id}`, label: group.name }))}
            allowDeselect={false}
            {...form.getInputProps('policy_group_id')}
            onChange={(value) => {
              form.setFieldValue('policy_group_id', value ?? '');
              if (value) onGroup(Number(value));
            }}
          />
          <SizeInput
            label={t('users.quota')}
            zero={t('users.unlimited')}
            value={form.values.storage_quota}
            error={form.errors.storage_quota as string | undefined}
            onChange={(bytes) => form.setFieldValue('storage_quota', bytes)}
          />
          <Select
            label={t('users.role')}
            data={(['user', 'admin'] as const).map((role) => ({ value: role, label: t(`role.${role}`) }))}
            allowDeselect={false}
            disabled={own}
            description={own ? t('users.ownAccount') : undefined}
            {...form.getInputProps('role')}
          />
          <Select
            label={t('users.status')}
            description={t('users.statusAbout')}
            data={(['active', 'disabled'] as const).map((status) => ({
              value: status,
              label: t(`userStatus.${status}`),
            }))}
            allowDeselect={false}
            disabled={own}
            {...form.getInputProps('status')}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {t('common:action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
