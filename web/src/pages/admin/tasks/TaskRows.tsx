import { Box, Button, Card, Group, Table, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { Task } from '@/api/tasks';
import { RowLink } from '@/components/links';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { useUsernames } from '../useUsernames';
import { TaskProgress } from './TaskProgress';
import { useTaskActions } from './useTaskActions';
import { TONES, useKindName } from './words';

export function TaskRows({ tasks }: { tasks: Task[] }) {
  const { t } = useTranslation('console');
  const nameOf = useUsernames(tasks.map((task) => task.created_by_user_id));
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table data-testid="tasks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('tasks.kind')}</Table.Th>
              <Table.Th>{t('tasks.state')}</Table.Th>
              <Table.Th visibleFrom="md">{t('tasks.progress')}</Table.Th>
              <Table.Th visibleFrom="lg">{t('tasks.asked')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('tasks.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {tasks.map((task) => (
              <Row key={task.id} task={task} who={nameOf(task.created_by_user_id)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function Row({ task, who }: { task: Task; who: string | undefined }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const kindName = useKindName();
  const act = useTaskActions(task);
  const name = kindName(task.kind);
  return (
    <Table.Tr>
      <Table.Td>
        <RowLink to="/admin/tasks/$taskId" params={{ taskId: task.id }}>
          {name}
        </RowLink>
        <Text size="xs" c="dimmed">
          {t('tasks.number', { id: task.id })}
        </Text>
        <Box hiddenFrom="md">
          <TaskProgress task={task} />
        </Box>
      </Table.Td>
      <Table.Td>
        <StateBadge tone={TONES[task.status]}>{t(`taskState.${task.status}`)}</StateBadge>
      </Table.Td>
      <Table.Td visibleFrom="md">
        <TaskProgress task={task} />
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm">{who ?? (task.created_by_user_id === null ? t('tasks.program') : '–')}</Text>
        <Text size="xs" c="dimmed" component="time" dateTime={task.created_at} title={format.time(task.created_at)}>
          {format.ago(task.created_at, Date.now())}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Group gap="xs">
          {task.can_cancel && (
            <Button
              size="xs"
              variant="default"
              loading={act.busy}
              onClick={act.cancel}
              aria-label={t('tasks.cancelWhat', { kind: name, id: task.id })}
            >
              {t('tasks.cancel')}
            </Button>
          )}
          {task.can_retry && (
            <Button
              size="xs"
              variant="default"
              loading={act.busy}
              onClick={act.retry}
              aria-label={t('tasks.retryWhat', { kind: name, id: task.id })}
            >
              {t('tasks.retry')}
            </Button>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
