import {
  Alert,
  Button,
  Card,
  Grid,
  Group,
  Progress,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { settingsQuery } from '@/api/settings';
import { type AdminTeam, adminTeamQuery, type TeamChange, teamsAdmin } from '@/api/teamsAdmin';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { MembersCard } from './MembersCard';
import { TeamState } from './TeamsPage';

const route = getRouteApi('/signed-in/admin/teams/$teamId');

export function TeamPage() {
  const { t } = useTranslation('console');
  const { teamId } = route.useParams();
  const query = useQuery(adminTeamQuery(teamId));
  const team = query.data;
  return (
    <Page
      title={team?.name ?? t('teams.title')}
      beside={team && <TeamState team={team} />}
      above={[
        <LinkAnchor key="teams" to="/admin/teams" size="sm">
          {t('teams.title')}
        </LinkAnchor>,
      ]}
      actions={team && team.archived_at === null && <ArchiveButton team={team} />}
    >
      <Loaded query={query}>{(loaded) => <TeamView team={loaded} />}</Loaded>
    </Page>
  );
}

function TeamView({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const used = team.storage_quota > 0 ? Math.min(100, (team.storage_used / team.storage_quota) * 100) : 0;
  return (
    <Stack>
      {team.archived_at !== null && <ArchivedNote team={team} />}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack>
            <TeamForm key={team.updated_at} team={team} />
            <Card>
              <dl className="facts">
                <dt>{t('teams.used')}</dt>
                <dd>
                  {format.bytes(team.storage_used)}
                  {team.storage_quota > 0 && ` / ${format.bytes(team.storage_quota)}`}
                  {team.storage_quota > 0 && <Progress mt={6} value={used} aria-label={t('teams.used')} />}
                </dd>
                <dt>{t('teams.created')}</dt>
                <dd>{format.time(team.created_at)}</dd>
              </dl>
            </Card>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <MembersCard team={team} />
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

/** How long the files of an archived team are still there. */
function ArchivedNote({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const tell = useTellFailure();
  const settings = useQuery(settingsQuery);
  const days = Number(settings.data?.items.find((one) => one.key === 'team_archive_retention_days')?.value ?? 7);
  const until = new Date(Date.parse(team.archived_at ?? '') + days * 86_400_000).toISOString();
  const restore = useChange(
    () => teamsAdmin.restore(team.id),
    [['admin-teams'], ['overview']],
    () => tellDone(t('teams.restored')),
  );
  return (
    <Alert color="yellow" title={t('teams.archivedTitle')}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{t('teams.archivedText', { time: format.time(until) })}</Text>
        <Button size="xs" loading={restore.isPending} onClick={() => restore.mutate(undefined, { onError: tell })}>
          {t('teams.restore')}
        </Button>
      </Stack>
    </Alert>
  );
}

function ArchiveButton({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  const confirm = useConfirm();
  const tell = useTellFailure();
  const format = useFormat();
  const archive = useChange(
    () => teamsAdmin.archive(team.id),
    [['admin-teams'], ['overview']],
    () => tellDone(t('teams.archivedDone')),
  );
  const ask = async () => {
    const sure = await confirm({
      title: t('teams.archiveTitle', { name: team.name }),
      text: t('teams.archiveText', { count: team.member_count, size: format.bytes(team.storage_used) }),
      act: t('teams.archive'),
    });
    if (sure) archive.mutate(undefined, { onError: tell });
  };
  return (
    <Button variant="default" c="var(--aster-bad)" loading={archive.isPending} onClick={ask}>
      {t('teams.archive')}
    </Button>
  );
}

function TeamForm({ team }: { team: AdminTeam }) {
  const { t } = useTranslation(['console', 'common']);
  const groups = useQuery(groupsQuery);
  const [saved, setSaved] = useState(false);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: {
      name: team.name,
      description: team.description,
      policy_group_id: team.policy_group_id === null ? '' : `${team.policy_group_id}`,
      storage_quota: team.storage_quota,
    },
    validate: { name: (text) => (text.trim() ? null : t('teams.nameRule')) },
  });
  const save = useChange(
    (change: TeamChange) => teamsAdmin.change(team.id, change),
    [['admin-teams'], ['overview']],
    () => tellDone(t('teams.saved')),
  );
  const act = submit(async ({ policy_group_id: group, ...values }) => {
    await save.mutateAsync({ ...values, ...(group && { policy_group_id: Number(group) }) });
    setSaved(true);
  });
  const closed = team.archived_at !== null;
  return (
    <Card>
      <form onSubmit={act} noValidate>
        <UnsavedGuard unsaved={form.isDirty() && !saved} />
        <Stack>
          <Title order={2} size="h4">
            {t('teams.settings')}
          </Title>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('teams.name')} required disabled={closed} {...form.getInputProps('name')} />
          <Textarea label={t('teams.description')} autosize disabled={closed} {...form.getInputProps('description')} />
          <Select
            label={t('teams.group')}
            description={t('teams.groupAbout')}
            data={(groups.data?.items ?? []).map((group) => ({ value: `${group.id}`, label: group.name }))}
            allowDeselect={false}
            disabled={closed}
            {...form.getInputProps('policy_group_id')}
          />
          <SizeInput
            label={t('teams.quota')}
            zero={t('teams.unlimited')}
            disabled={closed}
            value={form.values.storage_quota}
            error={form.errors.storage_quota as string | undefined}
            onChange={(bytes) => form.setFieldValue('storage_quota', bytes)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy} disabled={closed || !form.isDirty()}>
              {t('common:action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}
