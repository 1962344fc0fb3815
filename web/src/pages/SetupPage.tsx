import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { session } from '@/api/session';
import { signIn } from '@/app/session';
import { Loading } from '@/components/Loaded';
import { LinkButton } from '@/components/links';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { Entry } from './Entry';

/** First run: makes the administrator, signs in, and goes on with the short guided path. */
export function SetupPage() {
  const { t } = useTranslation();
  const check = useQuery({ queryKey: ['check'], queryFn: session.check, staleTime: 0 });
  if (check.error) {
    return (
      <Entry title={t('setup.title')}>
        <Problem error={check.error} retry={() => void check.refetch()} />
      </Entry>
    );
  }
  if (check.data?.has_users) {
    return (
      <Entry title={t('setup.doneTitle')} about={t('setup.doneText')}>
        <LinkButton to="/login">{t('session.signIn')}</LinkButton>
      </Entry>
    );
  }
  return (
    <Entry title={t('setup.title')} about={t('setup.about')}>
      {check.data ? <SetupForm /> : <Loading rows={3} />}
    </Entry>
  );
}

function SetupForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { username: '', email: '', password: '', again: '' },
    validate: {
      username: (text) => (/^[A-Za-z0-9_-]{4,16}$/.test(text.trim()) ? null : t('account.usernameRule')),
      email: (text) => (/^[^\s@]+@[^\s@]+$/.test(text.trim()) ? null : t('account.emailRule')),
      password: (text) => (text.length >= 8 && text.length <= 128 ? null : t('account.passwordRule')),
      again: (text, values) => (text === values.password ? null : t('setup.differs')),
    },
  });
  const create = submit(async ({ username, email, password }) => {
    await session.setUp({ username, email, password });
    await signIn(username.trim(), password);
    await navigate({ to: '/admin/welcome' });
  });
  return (
    <form onSubmit={create} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        {window.location.protocol === 'http:' && !['localhost', '127.0.0.1'].includes(window.location.hostname) && (
          <Alert color="yellow" title={t('setup.plainTitle')}>
            {t('setup.plainText')}
          </Alert>
        )}
        <TextInput
          label={t('account.username')}
          description={t('account.usernameRule')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          required
          {...form.getInputProps('username')}
        />
        <TextInput
          label={t('account.email')}
          type="email"
          autoComplete="email"
          required
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label={t('account.password')}
          description={t('account.passwordRule')}
          autoComplete="new-password"
          required
          {...form.getInputProps('password')}
        />
        <PasswordInput label={t('setup.again')} autoComplete="new-password" required {...form.getInputProps('again')} />
        <Button type="submit" loading={busy} fullWidth mt="xs">
          {t('setup.create')}
        </Button>
      </Stack>
    </form>
  );
}
