import { Button, Card, Group, Modal, Select, Stack, Table, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { type AdminTeam, adminTeamsQuery, type NewTeam, teamsAdmin } from '@/api/teamsAdmin';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { StateBadge } from '@/components/StateBadge';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { PageControl } from '../PageControl';

const PAGE = 50;
const AGAIN_MS = 30_000;

export function TeamsPage() {
  const { t } = useTranslation('console');
  const [page, setPage] = useState(1);
  const [creating, create] = useDisclosure();
  const query = useQuery({
    ...adminTeamsQuery({ limit: PAGE, offset: (page - 1) * PAGE }),
    refetchInterval: AGAIN_MS,
  });
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={create.open}>
      {t('teams.add')}
    </Button>
  );
  return (
    <Page title={t('teams.title')} about={t('teams.about')} actions={query.data?.items.length ? add : undefined}>
      <Loaded query={query}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={<IconUsersGroup size={30} />} title={t('teams.emptyTitle')} action={add}>
              {t('teams.emptyText')}
            </Empty>
          ) : (
            <Stack>
              <TeamTable teams={items} />
              <PageControl page={page} size={PAGE} total={total} onChange={setPage} />
            </Stack>
          )
        }
      </Loaded>
      <Modal opened={creating} onClose={create.close} title={t('teams.add')}>
        <CreateForm onDone={create.close} />
      </Modal>
    </Page>
  );
}

function TeamTable({ teams }: { teams: AdminTeam[] }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const groups = useQuery(groupsQuery);
  const groupName = (id: number | null) =>
    groups.data?.items.find((group) => group.id === id)?.name ?? t('teams.noGroup');
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('teams.name')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('teams.members')}</Table.Th>
              <Table.Th>{t('teams.state')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('teams.used')}</Table.Th>
              <Table.Th visibleFrom="md">{t('teams.group')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {teams.map((team) => (
              <Table.Tr key={team.id}>
                <Table.Td>
                  <RowLink to="/admin/teams/$teamId" params={{ teamId: team.id }}>
                    {team.name}
                  </RowLink>
                  {team.description && (
                    <Text size="xs" c="dimmed" lineClamp={2}>
                      {team.description}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td visibleFrom="sm">
                  <Text size="sm">{format.count(team.member_count)}</Text>
                </Table.Td>
                <Table.Td>
                  <TeamState team={team} />
                </Table.Td>
                <Table.Td visibleFrom="sm">
                  <Text size="sm">
                    {format.bytes(team.storage_used)}{' '}
                    <Text span c="dimmed" inherit>
                      / {team.storage_quota > 0 ? format.bytes(team.storage_quota) : t('teams.unlimited')}
                    </Text>
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="md">
                  <Text size="sm">{groupName(team.policy_group_id)}</Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

export function TeamState({ team }: { team: AdminTeam }) {
  const { t } = useTranslation('console');
  return team.archived_at === null ? (
    <StateBadge tone="good">{t('teams.open')}</StateBadge>
  ) : (
    <StateBadge tone="off">{t('teams.archived')}</StateBadge>
  );
}

function CreateForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation(['console', 'common']);
  const navigate = useNavigate();
  const me = useMe();
  const groups = useQuery(groupsQuery);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '', description: '', admin_identifier: me.username, policy_group_id: '', storage_quota: 0 },
    validate: {
      name: (text) => (text.trim() ? null : t('teams.nameRule')),
      admin_identifier: (text) => (text.trim() ? null : t('teams.ownerRule')),
    },
  });
  const create = useChange(
    (team: NewTeam) => teamsAdmin.create(team),
    [['admin-teams'], ['overview']],
    (team) => {
      onDone();
      return navigate({ to: '/admin/teams/$teamId', params: { teamId: team.id } });
    },
  );
  const act = submit(({ policy_group_id: group, ...values }) =>
    create.mutateAsync({ ...values, ...(group && { policy_group_id: Number(group) }) }),
  );
  return (
    <form onSubmit={act} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput label={t('teams.name')} required data-autofocus {...form.getInputProps('name')} />
        <Textarea label={t('teams.description')} autosize {...form.getInputProps('description')} />
        <TextInput
          label={t('teams.owner')}
          description={t('teams.ownerAbout')}
          autoCapitalize="none"
          spellCheck={false}
          required
          {...form.getInputProps('admin_identifier')}
        />
        <Select
          label={t('teams.group')}
          description={t('teams.groupAbout')}
          data={(groups.data?.items ?? []).map((group) => ({ value: `${group.id}`, label: group.name }))}
          placeholder={t('teams.defaultGroup')}
          clearable
          clearButtonProps={{ 'aria-label': t('teams.defaultGroup') }}
          {...form.getInputProps('policy_group_id')}
        />
        <SizeInput
          label={t('teams.quota')}
          zero={t('teams.unlimited')}
          value={form.values.storage_quota}
          error={form.errors.storage_quota as string | undefined}
          onChange={(bytes) => form.setFieldValue('storage_quota', bytes)}
        />
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
