import {
  ActionIcon,
  Button,
  Card,
  Group,
  Pagination,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { IconUserMinus, IconUserPlus } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type Member, membersQuery, TEAM_ROLES, type Team, type TeamRole, teams } from '@/api/teams';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { Loaded } from '@/components/Loaded';
import { useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

import { rolesFor } from './roles';

const PAGE = 50;

export function Members({ team }: { team: Team }) {
  const { t } = useTranslation('drive');
  const [page, setPage] = useState(1);
  const query = useQuery({
    ...membersQuery(team.id, { limit: PAGE, offset: (page - 1) * PAGE }),
    placeholderData: keepPreviousData,
  });
  return (
    <Card>
      <Title order={2} size="h4" mb="sm">
        {t('members.title')}
      </Title>
      <Stack>
        {team.role !== 'member' && <AddForm team={team} />}
        <Loaded query={query}>
          {({ items, total }) => (
            <>
              <Table.ScrollContainer minWidth={260} type="native">
                <Table horizontalSpacing="xs">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('members.name')}</Table.Th>
                      <Table.Th>{t('members.role')}</Table.Th>
                      <Table.Th>
                        <VisuallyHidden>{t('members.actions')}</VisuallyHidden>
                      </Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((member) => (
                      <Row key={member.user_id} team={team} member={member} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              {total > PAGE && (
                <Pagination
                  value={page}
                  onChange={setPage}
                  total={Math.ceil(total / PAGE)}
                  getControlProps={(control) => ({ 'aria-label': t(`pagination.${control}`) })}
                  getItemProps={(item) => ({ 'aria-label': t('pagination.page', { page: item }) })}
                />
              )}
            </>
          )}
        </Loaded>
      </Stack>
    </Card>
  );
}

function Row({ team, member }: { team: Team; member: Member }) {
  const { t } = useTranslation('drive');
  const me = useMe();
  const confirm = useConfirm();
  const tell = useTellFailure();
  const change = useChange((role: TeamRole) => teams.changeRole(team.id, member.user_id, role), [['teams']]);
  const remove = useChange(() => teams.remove(team.id, member.user_id), [['teams']]);
  const roles = rolesFor(team.role);
  const isMine = member.user_id === me.id;
  const canChange = roles.includes(member.role) && !isMine;
  const ask = async () => {
    const text = t('members.removeText', { name: member.username, team: team.name });
    const question = { title: t('members.remove'), text, act: t('members.remove') };
    if (await confirm(question)) remove.mutate(undefined, { onError: tell });
  };
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm">
          {member.username}{' '}
          {isMine && (
            <Text span c="dimmed">
              {t('members.you')}
            </Text>
          )}
        </Text>
      </Table.Td>
      <Table.Td>
        {canChange ? (
          <Select
            size="xs"
            aria-label={t('members.roleOf', { name: member.username })}
            data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
            value={change.isPending ? change.variables : member.role}
            allowDeselect={false}
            onChange={(role) => role && change.mutate(role as TeamRole, { onError: tell })}
            maw={160}
          />
        ) : (
          <Text size="sm">{t(`role.${member.role}`)}</Text>
        )}
      </Table.Td>
      <Table.Td ta="end">
        {canChange && (
          <Tooltip label={t('members.remove')}>
            <ActionIcon
              variant="subtle"
              color="red"
              loading={remove.isPending}
              aria-label={t('members.removeOf', { name: member.username })}
              onClick={() => void ask()}
            >
              <IconUserMinus size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function AddForm({ team }: { team: Team }) {
  const { t } = useTranslation('drive');
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { identifier: '', role: TEAM_ROLES[0] as TeamRole },
    validate: { identifier: (text) => (text.trim() ? null : t('members.whom')) },
  });
  const add = useChange(
    ({ identifier, role }: { identifier: string; role: TeamRole }) => teams.add(team.id, identifier.trim(), role),
    [['teams']],
    () => form.reset(),
  );
  return (
    <form onSubmit={submit((values) => add.mutateAsync(values))} noValidate>
      <Stack gap="xs">
        {problem !== undefined && <Problem error={problem} />}
        <Group align="flex-start" gap="sm">
          <TextInput
            label={t('members.identifier')}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            flex="1 1 200px"
            {...form.getInputProps('identifier')}
          />
          <Select
            label={t('members.role')}
            data={rolesFor(team.role).map((value) => ({ value, label: t(`role.${value}`) }))}
            allowDeselect={false}
            w={160}
            {...form.getInputProps('role')}
          />
          <Button mt={24} type="submit" loading={busy} leftSection={<IconUserPlus size={18} aria-hidden />}>
            {t('members.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
