import { Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { isOver, type Task } from '@/api/tasks';
import { useFormat } from '@/i18n/format';

import { useTimeLeft } from './useTimeLeft';
import { useKindName } from './words';

/** How far a task is, what it does right now, and how long it still takes. */
export function TaskProgress({ task }: { task: Task }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const kindName = useKindName();
  const left = useTimeLeft(task);
  const under = !isOver(task.status) && task.progress_total > 0;
  const waits = task.next_run_at !== null && Date.parse(task.next_run_at) > Date.now();
  return (
    <Stack gap={4} miw={160}>
      {under && (
        <Progress
          value={task.progress_percent}
          size="sm"
          aria-label={t('tasks.progressOf', { kind: kindName(task.kind), percent: task.progress_percent })}
        />
      )}
      <Text size="xs" c="dimmed" component="div">
        {under && `${task.progress_percent} %`}
        {left !== undefined && ` · ${t('tasks.left', { time: format.duration(left) })}`}
        {waits && task.next_run_at && t('tasks.begins', { time: format.time(task.next_run_at) })}
      </Text>
      {task.status_text && (
        <Text size="xs" c="dimmed" lang="en">
          {task.status_text}
        </Text>
      )}
      {task.last_error && (
        <Text size="xs" c="var(--aster-bad)" lang="en" lineClamp={2}>
          {task.last_error}
        </Text>
      )}
    </Stack>
  );
}
