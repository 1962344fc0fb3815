import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Node } from '@/api/nodes';
import { LinkButton, RowLink } from '@/components/links';
import { StateBadge } from '@/components/StateBadge';

import { stateOf } from '../nodes/state';

/** Every node with its state and the reason. */
export function NodesHealth({ nodes }: { nodes: Node[] }) {
  const { t } = useTranslation(['admin', 'nodes']);
  if (nodes.length === 0) {
    return (
      <Stack align="flex-start" gap="sm">
        <Text size="sm" c="dimmed">
          {t('overview.noNodes')}
        </Text>
        <LinkButton to="/admin/remote-nodes/new" size="sm">
          {t('nodes:list.add')}
        </LinkButton>
      </Stack>
    );
  }
  return (
    <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }}>
      {nodes.map((node) => {
        const state = stateOf(node);
        return (
          <Group component="li" key={node.id} justify="space-between" gap="xs">
            <div style={{ flex: '1 1 12rem' }}>
              <RowLink to="/admin/remote-nodes/$nodeId" params={{ nodeId: node.id }}>
                {node.name}
              </RowLink>
              <Text size="xs" c="dimmed">
                {t(`nodes:reason.${state.id}`)}
              </Text>
            </div>
            <StateBadge tone={state.tone}>{t(`nodes:state.${state.id}`)}</StateBadge>
          </Group>
        );
      })}
    </Stack>
  );
}
