import { Button, Group, Select, Stack } from '@mantine/core';
import { IconArrowsExchange, IconListCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { TASK_STATES, tasks, tasksQuery } from '@/api/tasks';
import { useChange } from '@/app/queries';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkButton } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { useConfirm } from '@/components/useConfirm';

import { PageControl } from '../PageControl';
import { TaskRows } from './TaskRows';
import type { TaskSearch } from './taskSearch';
import { KINDS, useKindName } from './words';

const route = getRouteApi('/signed-in/admin/tasks');
const PAGE = 25;

export function TasksPage() {
  const { t } = useTranslation(['console', 'admin']);
  const search = route.useSearch();
  const navigate = useNavigate();
  const kindName = useKindName();
  const { page = 1, ...filter } = search;
  const query = useQuery(tasksQuery(filter, { limit: PAGE, offset: (page - 1) * PAGE }));
  const show = (change: { [Name in keyof TaskSearch]: TaskSearch[Name] | undefined }) => {
    const next = { ...search, page: undefined, ...change };
    const set = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
    return navigate({ to: '/admin/tasks', search: set, replace: true });
  };
  const kinds = [...new Set([...KINDS, ...(search.kind ? [search.kind] : [])])];
  return (
    <Page
      title={t('tasks.title')}
      about={t('tasks.about')}
      actions={
        <>
          <LinkButton to="/admin/tasks/migrate" leftSection={<IconArrowsExchange size={18} aria-hidden />}>
            {t('migration.open')}
          </LinkButton>
          <CleanUp />
        </>
      }
    >
      <Group gap="sm" align="flex-end">
        <Select
          label={t('tasks.state')}
          data={TASK_STATES.map((value) => ({ value, label: t(`taskState.${value}`) }))}
          value={search.status ?? null}
          onChange={(value) => show({ status: value ?? undefined })}
          placeholder={t('admin:audit.all')}
          clearable
          clearButtonProps={{ 'aria-label': t('admin:audit.clear') }}
        />
        <Select
          label={t('tasks.kind')}
          data={kinds.map((value) => ({ value, label: kindName(value) }))}
          value={search.kind ?? null}
          onChange={(value) => show({ kind: value ?? undefined })}
          placeholder={t('admin:audit.all')}
          clearable
          searchable
          clearButtonProps={{ 'aria-label': t('admin:audit.clear') }}
        />
      </Group>
      <Loaded query={query} rows={6}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={<IconListCheck size={30} />} title={t('tasks.emptyTitle')}>
              {t('tasks.emptyText')}
            </Empty>
          ) : (
            <Stack>
              <TaskRows tasks={items} />
              <PageControl page={page} size={PAGE} total={total} onChange={(next) => show({ page: next })} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Takes what came to its end off the list. */
function CleanUp() {
  const { t } = useTranslation('console');
  const confirm = useConfirm();
  const tell = useTellFailure();
  const clean = useChange(
    () => tasks.cleanUp(0),
    [['tasks']],
    ({ removed }) => tellDone(t('tasks.cleaned', { count: removed })),
  );
  const ask = async () => {
    const sure = await confirm({ title: t('tasks.cleanTitle'), text: t('tasks.cleanText'), act: t('tasks.clean') });
    if (sure) clean.mutate(undefined, { onError: tell });
  };
  return (
    <Button variant="default" loading={clean.isPending} onClick={ask}>
      {t('tasks.clean')}
    </Button>
  );
}
