import { Alert, Button, Card, Group, Select, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { groups as groupCalls } from '@/api/groups';
import { type Node, nodes } from '@/api/nodes';
import { DEFAULT_CHUNK_BYTES, type Policy, policies as policyCalls } from '@/api/policies';
import type { Target } from '@/api/targets';
import { useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { LinkButton } from '@/components/links';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { CapabilityReport } from '../CapabilityReport';
import { DiagnosisView } from '../DiagnosisView';
import { EnrollPanel } from '../EnrollPanel';
import { TargetForm } from '../TargetForm';
import { TargetsCard } from '../TargetsCard';
import { useNodeTest } from '../useNodeTest';
import { type Facts, groupsWith, isApplied, policiesOn } from './steps';

function StepCard({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          <Text c="dimmed" size="sm" mt={4} maw="70ch">
            {about}
          </Text>
        </div>
        {children}
      </Stack>
    </Card>
  );
}

export function NameStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const rename = useChange(({ name }: { name: string }) => nodes.change(node.id, { name }), [['nodes']]);
  const { form, problem, submit, busy } = useServerForm({ initialValues: { name: node.name } });
  return (
    <StepCard title={t('step.name')} about={t('name.fixed', { namespace: node.namespace })}>
      <form onSubmit={submit((values) => rename.mutateAsync(values))}>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('name.name')} required {...form.getInputProps('name')} />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t('wizard.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function AddressStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const enrolled = node.enrollment_status === 'completed';
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { base_url: node.base_url },
    validate: {
      base_url: (text) => (/^https?:\/\/[^/\s]/i.test(text.trim()) ? null : t('address.rule')),
    },
  });
  const change = useChange((base_url: string) => nodes.change(node.id, { base_url }), [['nodes']]);
  // Making the token is what "none yet" leads to, and what the next visit sees of the choice.
  const skip = useChange(() => nodes.issueToken(node.id, false), [['nodes']]);
  return (
    <StepCard title={t('step.address')} about={enrolled ? t('address.aboutMissing') : t('address.about')}>
      <form onSubmit={submit(({ base_url }) => change.mutateAsync(base_url))} noValidate>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          {skip.error && <Problem error={skip.error} />}
          <TextInput
            label={t('address.label')}
            description={t('address.labelAbout')}
            placeholder="https://follower.example.com"
            inputMode="url"
            autoCapitalize="none"
            spellCheck={false}
            required
            {...form.getInputProps('base_url')}
          />
          <Group justify="flex-end">
            {!enrolled && node.base_url === '' && (
              <Button variant="default" loading={skip.isPending} onClick={() => skip.mutate(undefined)}>
                {t('address.none')}
              </Button>
            )}
            <Button type="submit" loading={busy}>
              {t('wizard.continue')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function EnrollStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  if (node.enrollment_status === 'completed') {
    return (
      <StepCard title={t('step.enroll')} about={t('enroll.doneAbout')}>
        <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('enroll.done')} />
      </StepCard>
    );
  }
  return (
    <Stack>
      <div>
        <Title order={2} size="h4">
          {t('step.enroll')}
        </Title>
        <Text c="dimmed" size="sm" mt={4} maw="70ch">
          {t('enroll.about')}
        </Text>
      </div>
      <EnrollPanel node={node} />
    </Stack>
  );
}

export function TestStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const test = useNodeTest(node.id);
  const enable = useChange(() => nodes.change(node.id, { is_enabled: true }), [['nodes']]);
  const mutate = test.mutate;
  const begun = useRef(false);
  const fresh = node.last_checked_at === null && node.is_enabled && node.base_url !== '';
  // A follower that has just come is tested at once: nobody should have to ask for the obvious.
  useEffect(() => {
    if (!fresh || begun.current) return;
    begun.current = true;
    mutate(undefined);
  }, [fresh, mutate]);
  return (
    <Stack>
      <StepCard title={t('step.test')} about={t('test.about')}>
        {!node.is_enabled && (
          <Alert color="yellow" title={t('state.disabled')}>
            <Stack gap="xs" align="flex-start">
              <Text size="sm">{t('test.disabled')}</Text>
              <Button size="xs" loading={enable.isPending} onClick={() => enable.mutate(undefined)}>
                {t('page.enable')}
              </Button>
            </Stack>
          </Alert>
        )}
        {node.diagnosis && <DiagnosisView diagnosis={node.diagnosis} />}
        {test.error && <Problem error={test.error} />}
        {!node.diagnosis && node.last_checked_at && !test.isPending && (
          <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('test.passed')} />
        )}
        <Group>
          <Button loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {t('test.run')}
          </Button>
          <Text size="sm" c="dimmed">
            {node.base_url}
          </Text>
        </Group>
      </StepCard>
      <CapabilityReport node={node} />
    </Stack>
  );
}

export function TargetStep({ node, targets }: { node: Node; targets: Target[] | undefined }) {
  const { t } = useTranslation('nodes');
  const first = targets?.length === 0;
  return (
    <Stack>
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('target.testPassed')} />
      {first ? (
        <StepCard title={t('step.target')} about={t('target.about')}>
          <TargetForm nodeId={node.id} first onDone={() => {}} />
        </StepCard>
      ) : (
        <TargetsCard node={node} />
      )}
      <CapabilityReport node={node} />
    </Stack>
  );
}

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
