import { Alert, Button, Card, Group, Modal, Radio, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type ApiToken, type NewToken, type TokenScope, tokens, tokensQuery } from '@/api/tokens';
import { useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { tellDone, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { StateBadge } from '@/components/StateBadge';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { AccountFrame } from './AccountFrame';

const LIVES = ['30', '90', '365', 'never'] as const;
const DAY_MS = 86_400_000;

export function TokensPage() {
  const { t } = useTranslation('account');
  const query = useQuery(tokensQuery);
  const [making, make] = useDisclosure();
  const [text, setText] = useState<string>();
  const add = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={make.open}>
      {t('tokens.add')}
    </Button>
  );
  return (
    <AccountFrame part="tokens" actions={query.data?.items.length ? add : undefined}>
      <Stack>
        {text !== undefined && <NewTokenText text={text} onDone={() => setText(undefined)} />}
        <Loaded query={query} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon={<IconKey size={30} />} title={t('tokens.emptyTitle')} action={add}>
                {t('tokens.emptyText')}
              </Empty>
            ) : (
              <TokenTable items={items} />
            )
          }
        </Loaded>
      </Stack>
      <Modal opened={making} onClose={make.close} title={t('tokens.add')}>
        <TokenForm
          onCancel={make.close}
          onDone={(token) => {
            setText(token);
            make.close();
          }}
        />
      </Modal>
    </AccountFrame>
  );
}

/** The one time that the text of a token is seen. */
function NewTokenText({ text, onDone }: { text: string; onDone: () => void }) {
  const { t } = useTranslation('account');
  return (
    <Alert color="green" title={t('tokens.madeTitle')}>
      <Stack gap="sm">
        <Text size="sm">{t('tokens.madeText')}</Text>
        <Copyable label={t('tokens.token')} text={text} />
        <Copyable
          label={t('tokens.try')}
          text={`curl --header 'Authorization: Bearer ${text}' ${window.location.origin}/api/v1/auth/me`}
        />
        <Group>
          <Button size="xs" variant="default" onClick={onDone}>
            {t('tokens.kept')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

function TokenTable({ items }: { items: ApiToken[] }) {
  const { t } = useTranslation('account');
  return (
    <Card padding={0}>
      <Table.ScrollContainer minWidth={300} type="native">
        <Table data-testid="tokens">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('tokens.tokenName')}</Table.Th>
              <Table.Th>{t('tokens.scope')}</Table.Th>
              <Table.Th visibleFrom="sm">{t('tokens.expires')}</Table.Th>
              <Table.Th visibleFrom="md">{t('tokens.used')}</Table.Th>
              <Table.Th>{t('tokens.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((token) => (
              <Row key={token.id} token={token} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

function Row({ token }: { token: ApiToken }) {
  const { t } = useTranslation('account');
  const format = useFormat();
  const confirm = useConfirm();
  const tell = useTellFailure();
  const remove = useChange(
    () => tokens.remove(token.id),
    [['api-tokens']],
    () => tellDone(t('tokens.revoked')),
  );
  const over = token.expires_at !== null && Date.parse(token.expires_at) <= Date.now();
  const ask = async () => {
    const sure = await confirm({
      title: t('tokens.revokeTitle', { name: token.name }),
      text: t('tokens.revokeText'),
      act: t('tokens.revoke'),
    });
    if (sure) remove.mutate(undefined, { onError: tell });
  };
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {token.name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{t(`scope.${token.scope}`)}</Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {over ? (
          <StateBadge tone="off">{t('tokens.over')}</StateBadge>
        ) : (
          <Text size="sm">{token.expires_at ? format.time(token.expires_at) : t('tokens.never')}</Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm" c="dimmed">
          {token.last_used_at ? format.ago(token.last_used_at, Date.now()) : t('tokens.notUsed')}
        </Text>
      </Table.Td>
      <Table.Td>
        <Button
          size="xs"
          variant="default"
          loading={remove.isPending}
          onClick={ask}
          aria-label={t('tokens.revokeWhat', { name: token.name })}
        >
          {t('tokens.revoke')}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function TokenForm({ onDone, onCancel }: { onDone: (text: string) => void; onCancel: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '', scope: 'read' as string, life: '90' as string },
    validate: { name: (text) => (text.trim() ? null : t('tokens.nameRule')) },
    names: { expires_at: 'life' },
  });
  const create = useChange(
    (token: NewToken) => tokens.create(token),
    [['api-tokens']],
    ({ token }) => onDone(token),
  );
  const act = submit(({ name, scope, life }) =>
    create.mutateAsync({
      name,
      scope: scope as TokenScope,
      ...(life !== 'never' && { expires_at: new Date(Date.now() + Number(life) * DAY_MS).toISOString() }),
    }),
  );
  return (
    <form onSubmit={act} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput
          label={t('tokens.tokenName')}
          description={t('tokens.nameAbout')}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Radio.Group label={t('tokens.scope')} {...form.getInputProps('scope')}>
          <Stack gap="xs" mt={4}>
            {(['read', 'write'] as const).map((scope) => (
              <Radio key={scope} value={scope} label={t(`scope.${scope}`)} description={t(`scopeAbout.${scope}`)} />
            ))}
          </Stack>
        </Radio.Group>
        <Select
          label={t('tokens.expires')}
          data={LIVES.map((value) => ({ value, label: t(`life.${value}`) }))}
          allowDeselect={false}
          {...form.getInputProps('life')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('tokens.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
