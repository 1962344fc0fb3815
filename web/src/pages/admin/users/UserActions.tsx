import { Button, Group, Menu, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type User, users } from '@/api/users';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { tellDone, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

/** What an administrator does with an account beside its rights: password, logins, end. */
export function UserActions({ user }: { user: User }) {
  const { t } = useTranslation(['admin', 'common']);
  const own = useMe().id === user.id;
  const [setting, password] = useDisclosure();
  const revoke = useRevoke(user);
  const remove = useRemoval(user);
  if (own) return null;
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconDots size={18} aria-hidden />}>
            {t('users.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={password.open}>{t('users.setPassword')}</Menu.Item>
          <Menu.Item onClick={revoke}>{t('users.revoke')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item c="var(--aster-bad)" onClick={remove}>
            {t('common:action.delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={setting} onClose={password.close} title={t('users.setPassword')}>
        <PasswordForm user={user} onDone={password.close} />
      </Modal>
    </>
  );
}

function useRevoke(user: User) {
  const { t } = useTranslation('admin');
  const confirm = useConfirm();
  const tell = useTellFailure();
  const revoke = useChange(
    () => users.revokeSessions(user.id),
    [],
    ({ sessions, tokens }) => tellDone(t('users.revoked', { sessions, tokens })),
  );
  return async () => {
    const sure = await confirm({
      title: t('users.revokeTitle', { name: user.username }),
      text: t('users.revokeText'),
      act: t('users.revoke'),
    });
    if (sure) revoke.mutate(undefined, { onError: tell });
  };
}

function useRemoval(user: User) {
  const { t } = useTranslation(['admin', 'common']);
  const confirm = useConfirm();
  const tell = useTellFailure();
  const navigate = useNavigate();
  const remove = useChange(
    () => users.remove(user.id),
    [['users'], ['overview']],
    () => navigate({ to: '/admin/users' }),
  );
  return async () => {
    const sure = await confirm({
      title: t('users.removeTitle', { name: user.username }),
      text: t('users.removeText'),
      act: t('common:action.delete'),
    });
    if (sure) remove.mutate(undefined, { onError: tell });
  };
}

function PasswordForm({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation(['admin', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { password: '' },
    validate: {
      password: (text) => (text.length >= 8 && text.length <= 128 ? null : t('common:account.passwordRule')),
    },
  });
  const save = useChange(
    (password: string) => users.setPassword(user.id, password),
    [],
    () => {
      tellDone(t('users.passwordSet'));
      onDone();
    },
  );
  return (
    <form onSubmit={submit(({ password }) => save.mutateAsync(password))} noValidate>
      <Stack>
        <Text size="sm">{t('users.setPasswordText', { name: user.username })}</Text>
        {problem !== undefined && <Problem error={problem} />}
        <PasswordInput
          label={t('common:account.password')}
          description={t('common:account.passwordRule')}
          autoComplete="new-password"
          required
          data-autofocus
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('users.setPassword')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
