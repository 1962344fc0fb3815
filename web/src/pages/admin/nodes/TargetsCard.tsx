import { ActionIcon, Button, Card, Group, Menu, Modal, Stack, Text, Title } from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Node } from '@/api/nodes';
import { type Target, targets, targetsQuery } from '@/api/targets';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { Problem } from '@/components/Problem';
import { StateBadge } from '@/components/StateBadge';
import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

import { TargetForm } from './TargetForm';
import { isApplied } from './wizard/steps';

/** The ingress targets of a node's follower: which there are, which is the default, and whether they work. */
export function TargetsCard({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const callable = node.enrollment_status === 'completed' && node.base_url !== '';
  const query = useQuery({ ...targetsQuery(node.id), enabled: callable });
  const [edited, setEdited] = useState<Target | 'new'>();
  const close = () => setEdited(undefined);
  return (
    <Card>
      <Stack>
        <Group justify="space-between">
          <div>
            <Title order={2} size="h4">
              {t('targets.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('targets.about')}
            </Text>
          </div>
          <Button
            variant="default"
            size="sm"
            disabled={!query.data}
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => setEdited('new')}
          >
            {t('targets.add')}
          </Button>
        </Group>
        {callable ? (
          <Loaded query={query} rows={1}>
            {(list) =>
              list.length === 0 ? (
                <Text size="sm">{t('targets.none')}</Text>
              ) : (
                <Stack gap="sm">
                  {list.map((target) => (
                    <TargetRow
                      key={target.profile_key}
                      nodeId={node.id}
                      target={target}
                      onEdit={() => setEdited(target)}
                    />
                  ))}
                </Stack>
              )
            }
          </Loaded>
        ) : (
          <Text size="sm">{t('targets.notYet')}</Text>
        )}
      </Stack>
      <Modal
        opened={edited !== undefined}
        onClose={close}
        title={edited === 'new' ? t('targets.add') : t('targets.edit')}
      >
        {edited !== undefined && (
          <TargetForm
            nodeId={node.id}
            target={edited === 'new' ? undefined : edited}
            first={query.data?.length === 0}
            onDone={close}
            onCancel={close}
          />
        )}
      </Modal>
    </Card>
  );
}

function TargetRow({ nodeId, target, onEdit }: { nodeId: number; target: Target; onEdit: () => void }) {
  const { t } = useTranslation(['nodes', 'common']);
  const format = useFormat();
  const confirm = useConfirm();
  const remove = useChange(() => targets.remove(nodeId, target.profile_key), [['nodes']]);
  const promote = useChange(() => targets.change(nodeId, target.profile_key, { is_default: true }), [['nodes']]);
  const askRemove = async () => {
    const sure = await confirm({
      title: t('targets.removeTitle', { name: target.name }),
      text: t('targets.removeText'),
      act: t('common:action.delete'),
    });
    if (sure) remove.mutate(undefined);
  };
  const place = target.driver_type === 's3' ? `${target.bucket}/${target.base_path}` : target.base_path;
  const failed = target.last_error.trim() !== '';
  const problem = remove.error ?? promote.error;
  return (
    <Card padding="md" radius="md" data-testid="target">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text fw={600}>{target.name}</Text>
            <StateBadge tone={failed ? 'bad' : isApplied(target) ? 'good' : 'wait'}>
              {failed ? t('targets.failed') : isApplied(target) ? t('targets.applied') : t('targets.pending')}
            </StateBadge>
            {target.is_default && <StateBadge tone="off">{t('targets.default')}</StateBadge>}
          </Group>
          <Text size="sm" c="dimmed">
            {target.driver_type === 's3' ? t('target.s3') : t('target.local')} · {place}
            {target.max_file_size > 0 && ` · ${t('targets.upTo', { size: format.bytes(target.max_file_size) })}`}
          </Text>
          {failed && (
            <Text size="sm" c="var(--aster-bad)" lang="en">
              {target.last_error}
            </Text>
          )}
        </div>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t('targets.actions', { name: target.name })}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={onEdit}>{t('common:action.edit')}</Menu.Item>
            {!target.is_default && (
              <Menu.Item onClick={() => promote.mutate(undefined)}>{t('targets.promote')}</Menu.Item>
            )}
            <Menu.Item c="var(--aster-bad)" onClick={askRemove}>
              {t('common:action.delete')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Group>
      {problem && <Problem error={problem} />}
    </Card>
  );
}
