import { Alert, Button, Card, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type Task, taskQuery } from '@/api/tasks';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { Page } from '@/components/Page';
import { StateBadge, ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { useUsernames } from '../useUsernames';
import { TaskProgress } from './TaskProgress';
import { useTaskActions } from './useTaskActions';
import { TONES, useKindName } from './words';

const route = getRouteApi('/signed-in/admin/tasks/$taskId');

export function TaskPage() {
  const { t } = useTranslation('console');
  const { taskId } = route.useParams();
  const query = useQuery(taskQuery(taskId));
  const kindName = useKindName();
  const task = query.data;
  return (
    <Page
      title={task ? kindName(task.kind) : t('tasks.number', { id: taskId })}
      beside={task && <StateBadge tone={TONES[task.status]}>{t(`taskState.${task.status}`)}</StateBadge>}
      about={task && t(`taskReason.${task.cancel_requested ? 'canceling' : task.status}`)}
      above={[
        <LinkAnchor key="tasks" to="/admin/tasks" size="sm">
          {t('tasks.title')}
        </LinkAnchor>,
      ]}
      actions={task && <Actions task={task} />}
    >
      <Loaded query={query}>{(loaded) => <TaskView task={loaded} />}</Loaded>
    </Page>
  );
}

function Actions({ task }: { task: Task }) {
  const { t } = useTranslation('console');
  const act = useTaskActions(task);
  return (
    <>
      {task.can_retry && (
        <Button loading={act.busy} onClick={act.retry}>
          {t('tasks.retry')}
        </Button>
      )}
      {task.can_cancel && (
        <Button variant="default" loading={act.busy} onClick={act.cancel}>
          {t('tasks.cancel')}
        </Button>
      )}
    </>
  );
}

function TaskView({ task }: { task: Task }) {
  const { t } = useTranslation('console');
  return (
    <Stack maw={860}>
      {task.last_error && (
        <Alert color="red" title={t('tasks.lastError')}>
          <Text size="sm" lang="en">
            {task.last_error}
          </Text>
        </Alert>
      )}
      <Card>
        <Stack>
          <TaskProgress task={{ ...task, last_error: null }} />
          {task.steps.length > 0 && <Steps task={task} />}
        </Stack>
      </Card>
      <Facts task={task} />
      {task.result !== null && (
        <Card>
          <Title order={2} size="h4" mb="sm">
            {t('tasks.result')}
          </Title>
          <Code block lang="en" tabIndex={0}>
            {JSON.stringify(task.result, null, 2)}
          </Code>
        </Card>
      )}
    </Stack>
  );
}

function Steps({ task }: { task: Task }) {
  const { t } = useTranslation('console');
  return (
    <Stack component="ol" gap={6} m={0} p={0} style={{ listStyle: 'none' }}>
      {task.steps.map((step) => (
        <Group component="li" key={step.title} gap="sm" wrap="nowrap">
          <span role="img" aria-label={t(`taskState.${step.status}`)} style={{ display: 'inline-flex' }}>
            <ToneIcon tone={TONES[step.status]} />
          </span>
          <Text size="sm" lang="en">
            {step.title}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}

function Facts({ task }: { task: Task }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const who = useUsernames([task.created_by_user_id])(task.created_by_user_id);
  const ended = task.finished_at;
  const took = task.started_at && ended ? Date.parse(ended) - Date.parse(task.started_at) : undefined;
  return (
    <Card>
      <dl className="facts">
        <dt>{t('tasks.asked')}</dt>
        <dd>
          {format.time(task.created_at)}
          {` · ${who ?? (task.created_by_user_id === null ? t('tasks.program') : `#${task.created_by_user_id}`)}`}
        </dd>
        <dt>{t('tasks.started')}</dt>
        <dd>{task.started_at ? format.time(task.started_at) : '–'}</dd>
        <dt>{t('tasks.ended')}</dt>
        <dd>
          {ended ? format.time(ended) : '–'}
          {took !== undefined && ` · ${format.duration(took)}`}
        </dd>
        <dt>{t('tasks.attempts')}</dt>
        <dd>{t('tasks.attemptsOf', { number: task.attempt_count, most: task.max_attempts })}</dd>
      </dl>
    </Card>
  );
}
