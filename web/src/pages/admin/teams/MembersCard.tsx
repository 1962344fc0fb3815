import { ActionIcon, Button, Card, Group, Select, Stack, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { IconUserMinus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import {
  type AdminTeam,
  TEAM_ROLES,
  type TeamMember,
  type TeamRole,
  teamMembersQuery,
  teamsAdmin,
} from '@/api/teamsAdmin';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { RowLink } from '@/components/links';
import { useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

/** Who is in a team, with which role. */
export function MembersCard({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  const query = useQuery(teamMembersQuery(team.id));
  const closed = team.archived_at !== null;
  return (
    <Card>
      <Stack>
        <Title order={2} size="h4">
          {t('teams.members')}
        </Title>
        <Loaded query={query} rows={3}>
          {({ items, total }) => (
            <>
              <Stack component="ul" gap="sm" m={0} p={0} style={{ listStyle: 'none' }} data-testid="members">
                {items.map((member) => (
                  <Row key={member.user_id} team={team} member={member} closed={closed} />
                ))}
              </Stack>
              {total > items.length && (
                <Text size="sm" c="dimmed">
                  {t('teams.moreMembers', { count: total - items.length })}
                </Text>
              )}
            </>
          )}
        </Loaded>
        {!closed && <AddForm team={team} />}
      </Stack>
    </Card>
  );
}

const roleData = (name: (role: TeamRole) => string) => TEAM_ROLES.map((role) => ({ value: role, label: name(role) }));

function Row({ team, member, closed }: { team: AdminTeam; member: TeamMember; closed: boolean }) {
  const { t } = useTranslation('console');
  const confirm = useConfirm();
  const tell = useTellFailure();
  const change = useChange(
    (role: TeamRole) => teamsAdmin.changeMember(team.id, member.user_id, role),
    [['admin-teams']],
  );
  const remove = useChange(() => teamsAdmin.removeMember(team.id, member.user_id), [['admin-teams']]);
  const askRemove = async () => {
    const sure = await confirm({
      title: t('teams.removeTitle', { name: member.username }),
      text: t('teams.removeText', { team: team.name }),
      act: t('teams.remove'),
    });
    if (sure) remove.mutate(undefined, { onError: tell });
  };
  return (
    <Group component="li" gap="sm" wrap="nowrap">
      <Text size="sm" component="div" flex={1} miw={0}>
        <RowLink to="/admin/users/$userId" params={{ userId: member.user_id }}>
          {member.username}
        </RowLink>
      </Text>
      <Select
        size="xs"
        w={132}
        aria-label={t('teams.roleOf', { name: member.username })}
        data={roleData((role) => t(`teamRole.${role}`))}
        value={change.variables ?? member.role}
        onChange={(role) => role && change.mutate(role as TeamRole, { onError: tell, onSettled: () => change.reset() })}
        allowDeselect={false}
        disabled={closed || change.isPending}
      />
      <Tooltip label={t('teams.remove')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          loading={remove.isPending}
          disabled={closed}
          aria-label={t('teams.removeWhat', { name: member.username })}
          onClick={askRemove}
        >
          <IconUserMinus size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

function AddForm({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { identifier: '', role: 'member' as string },
    validate: { identifier: (text) => (text.trim() ? null : t('teams.ownerRule')) },
  });
  const add = useChange(
    ({ identifier, role }: { identifier: string; role: string }) =>
      teamsAdmin.addMember(team.id, identifier, role as TeamRole),
    [['admin-teams']],
    () => form.reset(),
  );
  return (
    <form onSubmit={submit((values) => add.mutateAsync(values))} noValidate>
      <Stack gap="sm">
        {problem !== undefined && <Problem error={problem} />}
        <Group align="flex-end" gap="sm">
          <TextInput
            flex="2 1 11rem"
            label={t('teams.addMember')}
            placeholder={t('teams.identifier')}
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps('identifier')}
          />
          <Select
            flex="1 1 8rem"
            label={t('teams.role')}
            data={roleData((role) => t(`teamRole.${role}`))}
            allowDeselect={false}
            {...form.getInputProps('role')}
          />
          <Button type="submit" loading={busy}>
            {t('teams.addNow')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
