import { Button, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { groups as groupCalls } from '@/api/groups';
import type { Node } from '@/api/nodes';
import { DEFAULT_CHUNK_BYTES, type Policy, policies as policyCalls } from '@/api/policies';
import { users as userCalls } from '@/api/users';
import { useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { LinkButton } from '@/components/links';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { UserSelect } from '../../UserSelect';
import { StepCard } from './StepCard';
import { type Facts, groupsWith, isApplied, policiesOn } from './steps';

export function PolicyStep({ node, policies }: { node: Node; policies: Policy[] }) {
  const { t } = useTranslation('nodes');
  const own = policiesOn(node.id, policies);
  const create = useChange(
    (name: string) =>
      policyCalls.create({
        name,
        driver_type: 'remote',
        remote_node_id: node.id,
        base_path: '',
        max_file_size: 0,
        chunk_size: DEFAULT_CHUNK_BYTES,
        options: { remote_upload_strategy: 'relay_stream', remote_download_strategy: 'relay_stream' },
      }),
    [['policies']],
  );
  const { form, problem, submit, busy } = useServerForm({ initialValues: { name: node.name } });
  return (
    <StepCard title={t('step.policy')} about={t('policy.about')}>
      {own.length > 0 && (
        <Text size="sm">{t('policy.have', { names: own.map((policy) => policy.name).join(', ') })}</Text>
      )}
      <form onSubmit={submit(({ name }) => create.mutateAsync(name))}>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('policy.name')} required {...form.getInputProps('name')} />
          <Text size="sm" c="dimmed">
            {t('policy.relay')}
          </Text>
          <Group justify="flex-end">
            <LinkButton to="/admin/policies/new" search={{ node: node.id }} variant="default">
              {t('policy.more')}
            </LinkButton>
            <Button type="submit" loading={busy}>
              {t('policy.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function GroupStep({ node, policies, groups }: Facts) {
  const { t } = useTranslation('nodes');
  const own = policiesOn(node.id, policies);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: t('group.suggestion', { name: node.name }), policy: `${own[0]?.id ?? ''}` },
  });
  const create = useChange(
    ({ name, policy }: { name: string; policy: string }) =>
      groupCalls.create({
        name,
        items: [{ policy_id: Number(policy), priority: 1, min_file_size: 0, max_file_size: 0 }],
      }),
    [['groups']],
  );
  const have = groupsWith(own, groups);
  return (
    <StepCard title={t('step.group')} about={t('group.about')}>
      {have.length > 0 && (
        <Text size="sm">{t('group.have', { names: have.map((group) => group.name).join(', ') })}</Text>
      )}
      <form onSubmit={submit((values) => create.mutateAsync(values))}>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('group.name')} required {...form.getInputProps('name')} />
          {own.length > 1 && (
            <Select
              label={t('group.policy')}
              data={own.map((policy) => ({ value: `${policy.id}`, label: policy.name }))}
              allowDeselect={false}
              {...form.getInputProps('policy')}
            />
          )}
          <Text size="sm" c="dimmed">
            {t('group.rule')}
          </Text>
          <Group justify="flex-end">
            <LinkButton to="/admin/policy-groups" variant="default">
              {t('group.existing')}
            </LinkButton>
            <Button type="submit" loading={busy}>
              {t('group.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

/** Somebody has to have the group, or nothing ever comes to the node. */
export function UserStep({ node, policies, groups }: Facts) {
  const { t } = useTranslation('nodes');
  const having = groupsWith(policiesOn(node.id, policies), groups);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { user: null as number | null, group: `${having[0]?.id ?? ''}` },
    validate: { user: (id) => (id ? null : t('user.rule')) },
    names: { policy_group_id: 'group' },
  });
  const give = useChange(
    ({ user, group }: { user: number | null; group: string }) =>
      userCalls.change(Number(user), { policy_group_id: Number(group) }),
    [['users'], ['overview'], ['me'], ['groups', 'match']],
  );
  return (
    <StepCard title={t('step.user')} about={t('user.about')}>
      <form onSubmit={submit((values) => give.mutateAsync(values))} noValidate>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <UserSelect
            label={t('user.user')}
            placeholder={t('user.choose')}
            value={form.values.user}
            error={form.errors.user}
            onChange={(id) => form.setFieldValue('user', id)}
          />
          {having.length > 1 && (
            <Select
              label={t('user.group')}
              data={having.map((group) => ({ value: `${group.id}`, label: group.name }))}
              allowDeselect={false}
              {...form.getInputProps('group')}
            />
          )}
          <Group justify="flex-end">
            <LinkButton to="/admin/users" variant="default">
              {t('user.other')}
            </LinkButton>
            <Button type="submit" loading={busy}>
              {t('user.give')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function DoneStep({ node, targets, policies, groups }: Facts) {
  const { t } = useTranslation('nodes');
  const own = policiesOn(node.id, policies);
  const target = targets?.find((each) => each.is_default && isApplied(each));
  const have = groupsWith(own, groups);
  return (
    <StepCard title={t('done.title', { name: node.name })} about={t('done.about')}>
      <dl className="facts">
        <dt>{t('step.address')}</dt>
        <dd>
          <Copyable inline text={node.base_url} label={t('step.address')} />
        </dd>
        <dt>{t('step.target')}</dt>
        <dd>{target?.name ?? '–'}</dd>
        <dt>{t('step.policy')}</dt>
        <dd>{own.map((policy) => policy.name).join(', ')}</dd>
        <dt>{t('step.group')}</dt>
        <dd>{have.map((group) => group.name).join(', ')}</dd>
      </dl>
      <Text size="sm">{t('done.next')}</Text>
      <Group>
        <LinkButton to="/admin/users">{t('done.users')}</LinkButton>
        <LinkButton to="/admin/remote-nodes/$nodeId" params={{ nodeId: node.id }} variant="default">
          {t('done.node')}
        </LinkButton>
      </Group>
    </StepCard>
  );
}
