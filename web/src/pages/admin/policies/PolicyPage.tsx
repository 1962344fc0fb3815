import {
  Alert,
  Button,
  Card,
  Group,
  SegmentedControl,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { overviewQuery } from '@/api/overview';
import { type Driver, type Policy, type PolicyRequest, policies, policyQuery } from '@/api/policies';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor, LinkButton } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { ImpactNote } from '../ImpactNote';
import { DriverFields, Strategies } from './DriverFields';
import { draftOf, FORM_NAMES, type PolicyDraft, requestOf } from './draft';
import { PolicyTest, TestOutcome } from './PolicyTest';

const route = getRouteApi('/signed-in/admin/policies/$policyId');
const newRoute = getRouteApi('/signed-in/admin/policies/new');

export function PolicyPage() {
  const { policyId } = route.useParams();
  const query = useQuery(policyQuery(policyId));
  return (
    <Loaded query={query}>{(policy) => <Editor key={policy.updated_at} policy={policy} node={undefined} />}</Loaded>
  );
}

export function NewPolicyPage() {
  const { node } = newRoute.useSearch();
  return <Editor policy={undefined} node={node} />;
}

function Editor({ policy, node }: { policy: Policy | undefined; node: number | undefined }) {
  const { t } = useTranslation(['admin', 'common']);
  const remove = useRemoval(policy);
  return (
    <Page
      title={policy?.name ?? t('policies.add')}
      about={policy ? undefined : t('policies.newAbout')}
      above={[
        <LinkAnchor key="policies" to="/admin/policies" size="sm">
          {t('policies.title')}
        </LinkAnchor>,
      ]}
      actions={
        policy && (
          <Button variant="default" c="var(--aster-bad)" onClick={remove}>
            {t('common:action.delete')}
          </Button>
        )
      }
    >
      <Stack maw={760}>
        {policy && (
          <Card>
            <Group justify="space-between" align="flex-start">
              <div>
                <Title order={2} size="h4">
                  {t('policies.testTitle')}
                </Title>
                <Text size="sm" c="dimmed">
                  {t('policies.testAbout')}
                </Text>
              </div>
              <PolicyTest policy={policy} />
            </Group>
          </Card>
        )}
        <PolicyForm policy={policy} node={node} />
        {policy && <Dependents policy={policy} />}
      </Stack>
    </Page>
  );
}

function useRemoval(policy: Policy | undefined) {
  const { t } = useTranslation(['admin', 'common']);
  const confirm = useConfirm();
  const tell = useTellFailure();
  const navigate = useNavigate();
  const remove = useChange(
    (id: number) => policies.remove(id),
    [['policies'], ['overview']],
    () => navigate({ to: '/admin/policies' }),
  );
  return async () => {
    if (!policy) return;
    const sure = await confirm({
      title: t('policies.removeTitle', { name: policy.name }),
      text: (
        <>
          {t('policies.removeText')}
          <ImpactNote of={{ policy }} />
        </>
      ),
      act: t('common:action.delete'),
    });
    if (sure) remove.mutate(policy.id, { onError: tell });
  };
}

function Dependents({ policy }: { policy: Policy }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const groups = useQuery(groupsQuery);
  const overview = useQuery(overviewQuery());
  const using = (groups.data?.items ?? []).filter((group) => group.items.some((rule) => rule.policy_id === policy.id));
  const use = overview.data?.policies.find((each) => each.policy_id === policy.id);
  return (
    <Card>
      <Title order={2} size="h4" mb="xs">
        {t('policies.usedBy')}
      </Title>
      <dl className="facts">
        <dt>{t('policies.groups')}</dt>
        <dd>
          {using.length === 0 ? (
            t('policies.unused')
          ) : (
            <Group gap="sm">
              {using.map((group) => (
                <LinkAnchor key={group.id} to="/admin/policy-groups/$groupId" params={{ groupId: group.id }}>
                  {group.name}
                </LinkAnchor>
              ))}
            </Group>
          )}
        </dd>
        <dt>{t('policies.stored')}</dt>
        <dd>
          {t('overview.amount', {
            size: format.bytes(use?.bytes ?? 0),
            count: use?.blobs ?? 0,
            number: format.count(use?.blobs ?? 0),
          })}
        </dd>
      </dl>
      {use && (
        <Group mt="md">
          <LinkButton to="/admin/tasks/migrate" search={{ from: policy.id }} variant="default" size="sm">
            {t('policies.migrate')}
          </LinkButton>
        </Group>
      )}
    </Card>
  );
}

function PolicyForm({ policy, node }: { policy: Policy | undefined; node: number | undefined }) {
  const { t } = useTranslation(['admin', 'common']);
  const navigate = useNavigate();
  const [saved, setSaved] = useState(false);
  const serverForm = useServerForm<PolicyDraft>({
    initialValues: draftOf(policy, node),
    validate: {
      name: (text) => (text.trim() ? null : t('policies.nameRule')),
      remote_node_id: (id, values) => (values.driver_type === 'remote' && !id ? t('policies.nodeRule') : null),
      base_path: (text, values) => (values.driver_type === 'local' && !text.trim() ? t('policies.pathRule') : null),
      bucket: (text, values) => (values.driver_type === 's3' && !text.trim() ? t('policies.bucketRule') : null),
    },
    names: FORM_NAMES,
  });
  const { form, problem, submit, busy } = serverForm;
  const save = useChange(
    (request: PolicyRequest) => (policy ? policies.change(policy.id, request) : policies.create(request)),
    [['policies']],
  );
  const test = useMutation({ mutationFn: () => policies.testNew(requestOf(form.values)), networkMode: 'always' });
  const act = submit(async (values) => {
    const { id } = await save.mutateAsync(requestOf(values));
    setSaved(true);
    tellDone(t('policies.saved'));
    if (!policy) await navigate({ to: '/admin/policies/$policyId', params: { policyId: id }, ignoreBlocker: true });
  });
  const driver = form.values.driver_type;
  return (
    <form onSubmit={act} noValidate>
      <UnsavedGuard unsaved={form.isDirty() && !saved} />
      <Card>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          {!policy && (
            <SegmentedControl
              aria-label={t('policies.driver')}
              data={(['remote', 'local', 's3'] as Driver[]).map((value) => ({ value, label: t(`driver.${value}`) }))}
              {...form.getInputProps('driver_type')}
            />
          )}
          {form.errors.driver_type && (
            <Text size="sm" c="var(--aster-bad)" lang="en">
              {form.errors.driver_type}
            </Text>
          )}
          <Text size="sm" c="dimmed">
            {t(`driverAbout.${driver}`)}
          </Text>
          <TextInput label={t('policies.name')} required {...form.getInputProps('name')} />
          <DriverFields serverForm={serverForm} changing={policy !== undefined} />
          <SizeInput
            label={t('policies.limit')}
            zero={t('policies.unlimited')}
            value={form.values.max_file_size}
            error={form.errors.max_file_size as string | undefined}
            onChange={(bytes) => form.setFieldValue('max_file_size', bytes)}
          />
          <SizeInput
            label={t('policies.chunk')}
            description={t('policies.chunkAbout')}
            zero={t('policies.neverChunked')}
            value={form.values.chunk_size}
            error={form.errors.chunk_size as string | undefined}
            onChange={(bytes) => form.setFieldValue('chunk_size', bytes)}
          />
          {driver !== 'local' && <Strategies serverForm={serverForm} />}
          <TagsInput
            label={t('policies.types')}
            description={t('policies.typesAbout')}
            placeholder={form.values.allowed_types.length === 0 ? t('policies.typesAll') : ''}
            clearable
            clearButtonProps={{ 'aria-label': t('policies.typesClear') }}
            {...form.getInputProps('allowed_types')}
          />
          <Switch
            label={t('policies.isDefault')}
            description={t('policies.isDefaultAbout')}
            disabled={policy?.is_default ?? false}
            {...form.getInputProps('is_default', { type: 'checkbox' })}
          />
          {test.isSuccess && (
            <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('policies.passed')}>
              <TestOutcome tested={test.data} error={undefined} />
            </Alert>
          )}
          {test.error && (
            <Alert color="red" title={t('policies.failed')} role="alert">
              <TestOutcome tested={undefined} error={test.error} />
            </Alert>
          )}
          <Group justify="flex-end">
            {!policy && (
              <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
                {t('policies.testFirst')}
              </Button>
            )}
            <Button type="submit" loading={busy} disabled={policy !== undefined && !form.isDirty()}>
              {policy ? t('common:action.save') : t('policies.create')}
            </Button>
          </Group>
        </Stack>
      </Card>
    </form>
  );
}
