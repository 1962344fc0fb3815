import { Alert, Button, Card, Group, Modal, Select, Stack, Switch, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlugConnected, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import {
  type NewWebdavAccount,
  type WebdavAccount,
  webdav,
  webdavAccountsQuery,
  webdavSettingsQuery,
  webdavSpacesQuery,
} from '@/api/webdav';
import { useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { tellDone, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { AccountFrame } from './AccountFrame';
import { MountingCard } from './MountingCard';

/** An account that was just made, with the password that nobody can read again. */
interface Made {
  username: string;
  password: string;
}

export function WebdavPage() {
  const { t } = useTranslation('account');
  const settings = useQuery(webdavSettingsQuery);
  const accounts = useQuery(webdavAccountsQuery);
  const [making, make] = useDisclosure();
  const [made, setMade] = useState<Made>();
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={make.open}>
      {t('webdav.add')}
    </Button>
  );
  const name = made?.username ?? accounts.data?.items[0]?.username ?? '';
  return (
    <AccountFrame part="webdav" actions={accounts.data?.items.length ? add : undefined}>
      <Stack>
        {settings.data && !settings.data.is_enabled && (
          <Alert color="yellow" title={t('webdav.offTitle')}>
            {t('webdav.offText')}
          </Alert>
        )}
        {made && <MadeNote made={made} onDone={() => setMade(undefined)} />}
        <Loaded query={accounts} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon={<IconPlugConnected size={30} />} title={t('webdav.emptyTitle')} action={add}>
                {t('webdav.emptyText')}
              </Empty>
            ) : (
              <AccountTable items={items} />
            )
          }
        </Loaded>
        <Loaded query={settings} rows={2}>
          {({ endpoint, prefix }) => (
            <MountingCard endpoint={endpoint ?? window.location.origin + prefix} username={name} />
          )}
        </Loaded>
      </Stack>
      <Modal opened={making} onClose={make.close} title={t('webdav.add')}>
        <AccountForm
          onCancel={make.close}
          onDone={(account) => {
            setMade(account);
            make.close();
          }}
        />
      </Modal>
    </AccountFrame>
  );
}

function MadeNote({ made, onDone }: { made: Made; onDone: () => void }) {
  const { t } = useTranslation('account');
  return (
    <Alert color="green" title={t('webdav.madeTitle', { name: made.username })}>
      <Stack gap="sm">
        <Text size="sm">{t('webdav.madeText')}</Text>
        <Copyable label={t('webdav.username')} text={made.username} />
        <Copyable label={t('webdav.password')} text={made.password} />
        <Group>
          <Button size="xs" variant="default" onClick={onDone}>
            {t('tokens.kept')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function AccountTable({ items }: { items: WebdavAccount[] }) {
  const { t } = useTranslation('account');
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table data-testid="webdav-accounts">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('webdav.username')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('webdav.sees')}</Table.Th>
              <Table.Th>{t('webdav.letIn')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('webdav.readOnly')}</Table.Th>
              <Table.Th>{t('webdav.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((account) => (
              <Row key={account.id} account={account} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function Row({ account }: { account: WebdavAccount }) {
  const { t } = useTranslation('account');
  const format = useFormat();
  const confirm = useConfirm();
  const tell = useTellFailure();
  const spaces = useQuery(webdavSpacesQuery);
  const keys = [['webdav-accounts']];
  const change = useChange((what: Parameters<typeof webdav.change>[1]) => webdav.change(account.id, what), keys);
  const remove = useChange(
    () => webdav.remove(account.id),
    keys,
    () => tellDone(t('webdav.removed')),
  );
  const wanted = { ...account, ...(change.isPending && change.variables) };
  const team = spaces.data?.items.find((each) => each.id === account.team_id)?.name;
  const ask = async () => {
    const sure = await confirm({
      title: t('webdav.removeTitle', { name: account.username }),
      text: t('webdav.removeText'),
      act: t('webdav.remove'),
    });
    if (sure) remove.mutate(undefined, { onError: tell });
  };
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {account.username}
        </Text>
        <Text size="xs" c="dimmed">
          {account.last_used_at ? format.ago(account.last_used_at, Date.now()) : t('tokens.notUsed')}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">{account.team_id === null ? t('webdav.own') : (team ?? t('webdav.team'))}</Text>
        {account.root_folder_id !== null && (
          <Text size="xs" c="dimmed">
            {t('webdav.oneFolder')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Switch
          aria-label={t('webdav.letInWhat', { name: account.username })}
          checked={wanted.is_enabled}
          onChange={(event) => change.mutate({ is_enabled: event.currentTarget.checked }, { onError: tell })}
        />
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Switch
          aria-label={t('webdav.readOnlyWhat', { name: account.username })}
          checked={wanted.is_read_only}
          onChange={(event) => change.mutate({ is_read_only: event.currentTarget.checked }, { onError: tell })}
        />
      </Table.Td>
      <Table.Td>
        <Button
          size="xs"
          variant="default"
          loading={remove.isPending}
          onClick={ask}
          aria-label={t('webdav.removeWhat', { name: account.username })}
        >
          {t('webdav.remove')}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function AccountForm({ onDone, onCancel }: { onDone: (made: Made) => void; onCancel: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const spaces = useQuery(webdavSpacesQuery);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { username: '', team_id: '', is_read_only: false },
    validate: { username: (text) => (/^[\w.@-]{4,64}$/.test(text.trim()) ? null : t('webdav.usernameRule')) },
  });
  const create = useChange((account: NewWebdavAccount) => webdav.create(account), [['webdav-accounts']], onDone);
  const act = submit(({ username, team_id: team, is_read_only }) =>
    create.mutateAsync({ username: username.trim(), is_read_only, ...(team && { team_id: Number(team) }) }),
  );
  const teams = spaces.data?.items ?? [];
  return (
    <form onSubmit={act} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput
          label={t('webdav.username')}
          description={t('webdav.usernameRule')}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          required
          data-autofocus
          {...form.getInputProps('username')}
        />
        {teams.length > 0 && (
          <Select
            label={t('webdav.sees')}
            data={[
              { value: '', label: t('webdav.own') },
              ...teams.map((team) => ({ value: `${team.id}`, label: team.name })),
            ]}
            allowDeselect={false}
            {...form.getInputProps('team_id')}
          />
        )}
        <Switch
          label={t('webdav.readOnly')}
          description={t('webdav.readOnlyAbout')}
          {...form.getInputProps('is_read_only', { type: 'checkbox' })}
        />
        <Text size="sm" c="dimmed">
          {t('webdav.passwordAbout')}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('webdav.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
