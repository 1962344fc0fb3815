import { Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type Node, nodeQuery, nodes } from '@/api/nodes';
import { announce } from '@/api/tabs';
import { queryClient, useChange } from '@/app/queries';
import { LinkButton } from '@/components/links';
import { tellDone, tellFailed, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

import { ImpactNote } from '../ImpactNote';
import { EnrollPanel } from './EnrollPanel';
import { useNodeTest } from './useNodeTest';

/** Everything that can be done with a node. */
export function NodeActions({ node }: { node: Node }) {
  const { t } = useTranslation(['nodes', 'common']);
  const [editing, edit] = useDisclosure();
  const [enrolling, enroll] = useDisclosure();
  const [rotating, rotate] = useDisclosure();
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
          {enrolled && <Menu.Item onClick={rotate.open}>{t('page.rotate')}</Menu.Item>}
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
      <Modal opened={rotating} onClose={rotate.close} title={t('page.rotate')} size="lg">
        <Stack>
          <Text size="sm">{t('page.rotateAbout')}</Text>
          <EnrollPanel node={node} reEnroll ways={['command']} />
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
        text: (
          <>
            {t('page.disableText')}
            <ImpactNote of={{ nodeId: node.id }} />
          </>
        ),
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
    announce({ kind: 'changed', keys: [['nodes'], ['groups', 'match']] });
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
      text: (
        <>
          {t('page.removeText')}
          <ImpactNote of={{ nodeId: node.id }} />
        </>
      ),
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
