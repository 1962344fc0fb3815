import { Badge, Button, Card, Group, Modal, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSettings, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type Team, teams, teamsQuery } from '@/api/teams';
import { useChange } from '@/app/queries';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkButton, RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

/** The teams that somebody is in. */
export function TeamsPage() {
  const { t } = useTranslation('drive');
  const query = useQuery(teamsQuery);
  const [creating, create] = useDisclosure();
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={create.open}>
      {t('teams.add')}
    </Button>
  );
  return (
    <Page title={t('teams.title')} about={t('teams.about')} actions={add}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<IconUsersGroup size={30} />} title={t('teams.none')}>
              {t('teams.noneText')}
            </Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
              {items.map((team) => (
                <TeamCard key={team.id} team={team} />
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
      <Modal opened={creating} onClose={create.close} title={t('teams.add')}>
        <CreateForm onDone={create.close} />
      </Modal>
    </Page>
  );
}

function TeamCard({ team }: { team: Team }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const params = { teamId: team.id };
  return (
    <Card>
      <Stack gap="xs" h="100%" justify="space-between">
        <div>
          <Group justify="space-between" wrap="nowrap">
            <RowLink to="/teams/$teamId" params={params}>
              {team.name}
            </RowLink>
            <Badge color="gray">{t(`role.${team.role}`)}</Badge>
          </Group>
          <Text size="sm" c="dimmed" lineClamp={2} mt={4}>
            {team.description}
          </Text>
        </div>
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {t('teams.members', { count: team.member_count })} · {format.bytes(team.storage_used)}
          </Text>
          <LinkButton
            to="/teams/$teamId/manage"
            params={params}
            size="xs"
            variant="default"
            leftSection={<IconSettings size={16} aria-hidden />}
          >
            {team.role === 'member' ? t('teams.look') : t('teams.manage')}
          </LinkButton>
        </Group>
      </Stack>
    </Card>
  );
}

function CreateForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation(['drive', 'common']);
  const navigate = useNavigate();
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '', description: '' },
    validate: { name: (text) => (text.trim() ? null : t('name.empty')) },
  });
  const create = useChange(teams.create, [['teams']], (team) => {
    onDone();
    return navigate({ to: '/teams/$teamId/manage', params: { teamId: team.id } });
  });
  return (
    <form onSubmit={submit((values) => create.mutateAsync(values))} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput label={t('name.label')} required data-autofocus {...form.getInputProps('name')} />
        <Textarea label={t('teams.description')} autosize minRows={2} {...form.getInputProps('description')} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('teams.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
