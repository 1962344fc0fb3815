import { Button, Card, Group, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type Team, teamQuery, teams } from '@/api/teams';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor, LinkButton } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

import { Members } from './Members';

const route = getRouteApi('/signed-in/teams/$teamId/manage');

/** A team and who is in it; those who lead it change both. */
export function TeamPage() {
  const { teamId } = route.useParams();
  const { t } = useTranslation('drive');
  const query = useQuery(teamQuery(teamId));
  return (
    <Page
      title={query.data?.name ?? t('teams.one')}
      above={[
        <LinkAnchor key="teams" to="/teams" size="sm">
          {t('teams.title')}
        </LinkAnchor>,
      ]}
      actions={
        <LinkButton to="/teams/$teamId" params={{ teamId }} variant="default">
          {t('teams.files')}
        </LinkButton>
      }
    >
      <Loaded query={query}>
        {(team) => (
          <Stack>
            {team.role === 'member' ? (
              <Text c="dimmed">{team.description}</Text>
            ) : (
              <TeamForm key={team.id} team={team} />
            )}
            <Members team={team} />
            <Ending team={team} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function TeamForm({ team }: { team: Team }) {
  const { t } = useTranslation(['drive', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: team.name, description: team.description },
    validate: { name: (text) => (text.trim() ? null : t('name.empty')) },
  });
  const change = useChange(
    (values: { name: string; description: string }) => teams.change(team.id, values),
    [['teams']],
    (_, values) => {
      form.resetDirty(values);
      tellDone(t('teams.saved'));
    },
  );
  return (
    <Card>
      <form onSubmit={submit((values) => change.mutateAsync(values))} noValidate>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('name.label')} required {...form.getInputProps('name')} />
          <Textarea label={t('teams.description')} autosize minRows={2} {...form.getInputProps('description')} />
          <Group justify="flex-end">
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {t('common:action.save')}
            </Button>
          </Group>
        </Stack>
      </form>
      <UnsavedGuard unsaved={form.isDirty()} />
    </Card>
  );
}

/** Leaving a team, and closing it. */
function Ending({ team }: { team: Team }) {
  const { t } = useTranslation('drive');
  const me = useMe();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const tell = useTellFailure();
  const away = () => navigate({ to: '/teams' });
  const leave = useChange(() => teams.remove(team.id, me.id), [['teams']], away);
  const archive = useChange(() => teams.archive(team.id), [['teams']], away);
  const ask = async (what: 'leave' | 'archive') => {
    const text = t(`teams.${what}Text`, { name: team.name });
    if (!(await confirm({ title: t(`teams.${what}`), text, act: t(`teams.${what}`) }))) return;
    (what === 'leave' ? leave : archive).mutate(undefined, { onError: tell });
  };
  return (
    <Card>
      <Title order={2} size="h4" mb="sm">
        {t('teams.ending')}
      </Title>
      <Group>
        <Button variant="default" loading={leave.isPending} onClick={() => void ask('leave')}>
          {t('teams.leave')}
        </Button>
        {team.role === 'owner' && (
          <Button variant="light" color="red" loading={archive.isPending} onClick={() => void ask('archive')}>
            {t('teams.archive')}
          </Button>
        )}
      </Group>
    </Card>
  );
}
