import { Alert, Button, Card, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { IconLinkOff, IconLock } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/errors';
import { type ShareView, visitQuery, visits } from '@/api/shares';
import { Empty } from '@/components/Empty';
import { Loading } from '@/components/Loaded';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { PublicFrame } from './PublicFrame';
import { SharedBy } from './SharedBy';
import { SharedFile } from './SharedFile';
import { SharedFolder } from './SharedFolder';

/** What somebody with a link sees, without an account. */
export function PublicSharePage() {
  const { t } = useTranslation('shares');
  const { token } = useParams({ strict: false }) as { token: string };
  const query = useQuery(visitQuery(token));
  const { data: view, error } = query;
  if (view) return <Visit token={token} view={view} />;
  if (error instanceof ApiError && error.status === 404) return <Gone />;
  return (
    <PublicFrame title={t('public.shared')}>
      {error ? <Problem error={error} retry={() => void query.refetch()} /> : <Loading rows={3} />}
    </PublicFrame>
  );
}

function Visit({ token, view }: { token: string; view: ShareView }) {
  if (!view.is_unlocked) return <Locked token={token} view={view} />;
  return view.share_type === 'file' ? (
    <SharedFile token={token} view={view} />
  ) : (
    <SharedFolder token={token} view={view} />
  );
}

function Gone() {
  const { t } = useTranslation('shares');
  return (
    <PublicFrame title={t('public.shared')}>
      <Empty icon={<IconLinkOff size={28} />} title={t('public.goneTitle')}>
        {t('public.goneText')}
      </Empty>
    </PublicFrame>
  );
}

function Locked({ token, view }: { token: string; view: ShareView }) {
  const { t } = useTranslation('shares');
  const client = useQueryClient();
  const { form, problem, submit, busy } = useServerForm({ initialValues: { password: '' } });
  const unlock = submit(async ({ password }) => {
    await visits.unlock(token, password);
    await client.refetchQueries({ queryKey: visitQuery(token).queryKey });
  });
  const code = problem instanceof ApiError ? problem.code : '';
  const tooSoon = problem instanceof ApiError && problem.status === 429;
  return (
    <PublicFrame title={view.name} about={<SharedBy view={view} />}>
      <Card>
        <form onSubmit={unlock}>
          <Stack>
            <Group gap="sm" wrap="nowrap">
              <IconLock size={22} aria-hidden style={{ flexShrink: 0 }} />
              <div>
                <Text fw={600}>{t('public.lockedTitle')}</Text>
                <Text size="sm" c="dimmed">
                  {t('public.lockedText')}
                </Text>
              </div>
            </Group>
            {code === 'share.password_wrong' && (
              <Alert color="red" role="alert" title={t('public.wrong')} data-testid="wrong-password" />
            )}
            {tooSoon && <Alert color="yellow" role="alert" title={t('public.tooSoon')} />}
            {problem !== undefined && code !== 'share.password_wrong' && !tooSoon && <Problem error={problem} />}
            <PasswordInput
              label={t('public.password')}
              autoComplete="off"
              autoFocus
              required
              {...form.getInputProps('password')}
            />
            <Button type="submit" loading={busy} fullWidth>
              {t('public.unlock')}
            </Button>
          </Stack>
        </form>
      </Card>
    </PublicFrame>
  );
}
