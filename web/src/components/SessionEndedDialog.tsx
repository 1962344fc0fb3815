import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { onAnnouncement } from '@/api/tabs';
import { onLoginLost, signIn, useMaybeMe } from '@/app/session';

import { Problem } from './Problem';
import { useServerForm } from './useServerForm';

/** Signs in again on top of the page, so that nothing on it is lost. */
export function SessionEndedDialog() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const me = useMaybeMe();
  const [name, setName] = useState<string>();
  const { form, problem, submit, busy } = useServerForm({ initialValues: { password: '' } });
  useEffect(() => onLoginLost(() => setName(me?.username)), [me?.username]);
  useEffect(
    () =>
      onAnnouncement((message) => {
        if (message.kind === 'signed-in' || message.kind === 'renewed') setName(undefined);
      }),
    [],
  );
  const again = submit(async ({ password }) => {
    await signIn(name ?? '', password);
    form.reset();
    setName(undefined);
    await client.invalidateQueries();
  });
  return (
    <Modal
      opened={name !== undefined}
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t('session.ended')}
    >
      <form onSubmit={again}>
        <Stack>
          <Text size="sm">{t('session.endedText', { name: name ?? '' })}</Text>
          {problem !== undefined && <Problem error={problem} />}
          <input type="hidden" name="username" autoComplete="username" value={name ?? ''} readOnly />
          <PasswordInput
            label={t('account.password')}
            autoComplete="current-password"
            data-autofocus
            required
            {...form.getInputProps('password')}
          />
          <Group justify="space-between">
            <Button variant="subtle" component="a" href="/login">
              {t('session.other')}
            </Button>
            <Button type="submit" loading={busy}>
              {t('session.signIn')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
