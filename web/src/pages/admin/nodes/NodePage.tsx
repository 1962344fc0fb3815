import { Button, Card, Group, Menu, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { type Node, nodeQuery, nodes } from '@/api/nodes';
import { policiesQuery } from '@/api/policies';
import { queryClient, useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor, LinkButton } from '@/components/links';
import { tellDone, tellFailed, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { StateBadge } from '@/components/StateBadge';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { CapabilityReport } from './CapabilityReport';
import { DiagnosisView } from './DiagnosisView';
import { EnrollPanel } from './EnrollPanel';
import { Space } from './NodesPage';
import { stateOf } from './state';
import { TargetsCard } from './TargetsCard';
import { useNodeTest } from './useNodeTest';
import { groupsWith, policiesOn } from './wizard/steps';

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
      actions={node && <Actions node={node} />}
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

/** What stops working when this node does. */
function Dependents({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const policies = useQuery(policiesQuery);
  const groups = useQuery(groupsQuery);
  const own = policiesOn(node.id, policies.data?.items ?? []);
  const using = groupsWith(own, groups.data?.items ?? []);
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
            </dl>
          )
        }
      </Loaded>
    </Card>
  );
}

function Actions({ node }: { node: Node }) {
  const { t } = useTranslation(['nodes', 'common']);
  const [editing, edit] = useDisclosure();
  const [enrolling, enroll] = useDisclosure();
  const test = useNodeTest(node.id, (passed) =>
    passed ? tellDone(t('test.passed')) : tellFailed(t('test.failed'), t('test.seeAbove')),
  );
  const enrolled = node.enrollment_status === 'completed';
  const remove = useRemoval(node);
  const toggle = useToggle(node);
  return (
    <>
      {enrolled ? (
        <Button loading={test.isPending} disabled={node.base_url === ''} onClick={() => test.mutate(undefined)}>
          {t('test.run')}
        </Button>
      ) : (
        <LinkButton to="/admin/remote-nodes/$nodeId/setup" params={{ nodeId: node.id }}>
          {t('page.continue')}
        </LinkButton>
      )}
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={18} aria-hidden />}>
            {t('page.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={edit.open}>{t('page.edit')}</Menu.Item>
          <Menu.Item onClick={toggle}>{node.is_enabled ? t('page.disable') : t('page.enable')}</Menu.Item>
          {enrolled && <Menu.Item onClick={enroll.open}>{t('page.reEnroll')}</Menu.Item>}
          <Menu.Divider />
          <Menu.Item c="var(--aster-bad)" onClick={remove}>
            {t('common:action.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {test.error && <Problem error={test.error} />}
      <Modal opened={editing} onClose={edit.close} title={t('page.edit')}>
        <EditForm node={node} onDone={edit.close} />
      </Modal>
      <Modal opened={enrolling} onClose={enroll.close} title={t('page.reEnroll')} size="lg">
        <Stack>
          <Text size="sm">{t('page.reEnrollAbout')}</Text>
          <EnrollPanel node={node} reEnroll />
        </Stack>
      </Modal>
    </>
  );
}

/** Shows the new flag at once and takes it back when the server refuses. */
function useToggle(node: Node) {
  const { t } = useTranslation(['nodes', 'common']);
  const confirm = useConfirm();
  const tell = useTellFailure();
  return async () => {
    const wanted = !node.is_enabled;
    if (!wanted) {
      const sure = await confirm({
        title: t('page.disableTitle', { name: node.name }),
        text: t('page.disableText'),
        act: t('page.disable'),
      });
      if (!sure) return;
    }
    const key = nodeQuery(node.id).queryKey;
    const before = queryClient.getQueryData(key);
    queryClient.setQueryData(key, { ...node, is_enabled: wanted });
    try {
      await nodes.change(node.id, { is_enabled: wanted });
      tellDone(wanted ? t('page.enabled') : t('page.disabled'));
    } catch (error) {
      queryClient.setQueryData(key, before);
      tell(error);
    }
    await queryClient.invalidateQueries({ queryKey: ['nodes'] });
  };
}

function useRemoval(node: Node) {
  const { t } = useTranslation(['nodes', 'common']);
  const confirm = useConfirm();
  const tell = useTellFailure();
  const navigate = useNavigate();
  const remove = useChange(
    () => nodes.remove(node.id),
    [['nodes']],
    () => navigate({ to: '/admin/remote-nodes' }),
  );
  return async () => {
    const sure = await confirm({
      title: t('page.removeTitle', { name: node.name }),
      text: t('page.removeText'),
      act: t('common:action.delete'),
    });
    if (sure) remove.mutate(undefined, { onError: tell });
  };
}

function EditForm({ node, onDone }: { node: Node; onDone: () => void }) {
  const { t } = useTranslation(['nodes', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: node.name, base_url: node.base_url },
  });
  const save = useChange(
    (values: { name: string; base_url: string }) => nodes.change(node.id, values),
    [['nodes']],
    onDone,
  );
  return (
    <form onSubmit={submit((values) => save.mutateAsync(values))}>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput label={t('name.name')} required data-autofocus {...form.getInputProps('name')} />
        <TextInput
          label={t('address.label')}
          description={t('address.labelAbout')}
          {...form.getInputProps('base_url')}
        />
        <TextInput label={t('name.namespace')} description={t('name.namespaceFixed')} value={node.namespace} disabled />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('common:action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
