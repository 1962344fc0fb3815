import { Button, Card, Group, Modal, PasswordInput, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { type Role, type User, type UserFilter, type UserStatus, users, usersQuery } from '@/api/users';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { RowLink } from '@/components/links';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { StateBadge } from '@/components/StateBadge';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { PageControl } from '../PageControl';

const PAGE = 50;
const AGAIN_MS = 30_000;
const TYPING_MS = 250;

export function UsersPage() {
  const { t } = useTranslation('admin');
  const [page, setPage] = useState(1);
  const [creating, create] = useDisclosure();
  const [filter, setFilter] = useState<UserFilter>({});
  const [typed] = useDebouncedValue(filter, TYPING_MS);
  const query = useQuery({
    ...usersQuery({ limit: PAGE, offset: (page - 1) * PAGE }, typed),
    refetchInterval: AGAIN_MS,
  });
  const narrow = (change: { [Name in keyof UserFilter]: UserFilter[Name] | undefined }) => {
    const next = Object.entries({ ...filter, ...change }).filter(([, value]) => value !== undefined && value !== '');
    setFilter(Object.fromEntries(next));
    setPage(1);
  };
  return (
    <Page
      title={t('users.title')}
      about={t('users.about')}
      actions={
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={create.open}>
          {t('users.add')}
        </Button>
      }
    >
      <Filters filter={filter} onChange={narrow} />
      <Loaded query={query}>
        {({ items, total }) => (
          <Stack>
            {items.length === 0 && <Text size="sm">{t('users.noneFits')}</Text>}
            <Card padding={0}>
              <Table.ScrollContainer minWidth={300} type="native">
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('users.name')}</Table.Th>
                      <Table.Th visibleFrom="md">{t('users.role')}</Table.Th>
                      <Table.Th>{t('users.status')}</Table.Th>
                      <Table.Th visibleFrom="sm">{t('users.used')}</Table.Th>
                      <Table.Th visibleFrom="md">{t('users.group')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((user) => (
                      <Row key={user.id} user={user} />
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Card>
            <PageControl page={page} size={PAGE} total={total} onChange={setPage} />
          </Stack>
        )}
      </Loaded>
      <Modal opened={creating} onClose={create.close} title={t('users.add')}>
        <CreateForm onDone={create.close} />
      </Modal>
    </Page>
  );
}

interface FilterProps {
  filter: UserFilter;
  onChange: (change: { [Name in keyof UserFilter]: UserFilter[Name] | undefined }) => void;
}

function Filters({ filter, onChange }: FilterProps) {
  const { t } = useTranslation('admin');
  const common = {
    placeholder: t('audit.all'),
    clearable: true,
    clearButtonProps: { 'aria-label': t('audit.clear') },
  };
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        type="search"
        label={t('users.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filter.keyword ?? ''}
        onChange={(event) => onChange({ keyword: event.currentTarget.value })}
      />
      <Select
        label={t('users.role')}
        data={(['admin', 'user'] as const).map((value) => ({ value, label: t(`role.${value}`) }))}
        value={filter.role ?? null}
        onChange={(value) => onChange({ role: (value as Role | null) ?? undefined })}
        {...common}
      />
      <Select
        label={t('users.status')}
        data={(['active', 'disabled'] as const).map((value) => ({ value, label: t(`userStatus.${value}`) }))}
        value={filter.status ?? null}
        onChange={(value) => onChange({ status: (value as UserStatus | null) ?? undefined })}
        {...common}
      />
    </Group>
  );
}

function Row({ user }: { user: User }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const groups = useQuery(groupsQuery);
  const group = groups.data?.items.find((each) => each.id === user.policy_group_id);
  const quota = user.storage_quota > 0 ? format.bytes(user.storage_quota) : t('users.unlimited');
  return (
    <Table.Tr>
      <Table.Td>
        <RowLink to="/admin/users/$userId" params={{ userId: user.id }}>
          {user.username}
        </RowLink>
        <Text size="xs" c="dimmed">
          {user.email}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm">{t(`role.${user.role}`)}</Text>
      </Table.Td>
      <Table.Td>
        <StateBadge tone={user.status === 'active' ? 'good' : 'off'}>{t(`userStatus.${user.status}`)}</StateBadge>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">
          {format.bytes(user.storage_used)}{' '}
          <Text span c="dimmed" inherit>
            / {quota}
          </Text>
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm">{group?.name ?? t('users.noGroup')}</Text>
      </Table.Td>
    </Table.Tr>
  );
}

function CreateForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation(['admin', 'common']);
  const navigate = useNavigate();
  const { form, problem, submit, busy } = useServerForm({ initialValues: { username: '', email: '', password: '' } });
  const create = useChange(users.create, [['users']], (user) => {
    onDone();
    return navigate({ to: '/admin/users/$userId', params: { userId: user.id } });
  });
  return (
    <form onSubmit={submit((values) => create.mutateAsync(values))}>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput
          label={t('common:account.username')}
          description={t('common:account.usernameRule')}
          autoComplete="off"
          required
          data-autofocus
          {...form.getInputProps('username')}
        />
        <TextInput
          label={t('common:account.email')}
          type="email"
          autoComplete="off"
          required
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label={t('common:account.password')}
          description={t('common:account.passwordRule')}
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('users.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
