import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { csrfToken } from '@/api/csrf';
import { ApiError } from '@/api/errors';
import { safeNext, signIn } from '@/app/session';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { Entry } from './Entry';

const route = getRouteApi('/login');

export function LoginPage() {
  const { t } = useTranslation();
  const { next } = route.useSearch();
  const router = useRouter();
  const [cookiesRefused, setCookiesRefused] = useState(false);
  const { form, problem, submit, busy } = useServerForm({ initialValues: { identifier: '', password: '' } });
  const enter = submit(async ({ identifier, password }) => {
    setCookiesRefused(false);
    try {
      await signIn(identifier, password);
    } catch (error) {
      // The password was right, and yet nobody is signed in: the browser did not keep the cookies.
      const kept = csrfToken() !== undefined;
      if (!kept && error instanceof ApiError && error.code === 'auth.token_missing') {
        setCookiesRefused(true);
        return;
      }
      throw error;
    }
    router.history.push(safeNext(next));
  });
  const wrong = problem instanceof ApiError && problem.code === 'auth.credentials_failed';
  return (
    <Entry title={t('login.title')} about={t('login.about')}>
      <form onSubmit={enter}>
        <Stack>
          {cookiesRefused && (
            <Alert color="red" role="alert" title={t('login.cookiesTitle')}>
              {t('login.cookiesText')}
            </Alert>
          )}
          {wrong ? (
            <Alert color="red" role="alert" title={t('login.wrong')} data-testid="wrong-password">
              {t('login.wrongTry')}
            </Alert>
          ) : (
            problem !== undefined && <Problem error={problem} />
          )}
          <TextInput
            label={t('login.identifier')}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            {...form.getInputProps('identifier')}
          />
          <PasswordInput
            label={t('account.password')}
            autoComplete="current-password"
            required
            {...form.getInputProps('password')}
          />
          <Button type="submit" loading={busy} fullWidth mt="xs">
            {t('session.signIn')}
          </Button>
        </Stack>
      </form>
    </Entry>
  );
}
