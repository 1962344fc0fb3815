import { Badge, Button, Card, Group, PasswordInput, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconDeviceDesktop, IconDeviceMobile } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { account, type Device, devicesQuery } from '@/api/account';
import { useChange } from '@/app/queries';
import { useMe } from '@/app/session';
import { Loaded } from '@/components/Loaded';
import { tellDone, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';
import { useFormat } from '@/i18n/format';

import { AccountFrame } from './AccountFrame';
import { readAgent } from './agent';

const AGAIN_MS = 30_000;

export function SecurityPage() {
  return (
    <AccountFrame part="security">
      <Stack>
        <PasswordCard />
        <DevicesCard />
      </Stack>
    </AccountFrame>
  );
}

function PasswordCard() {
  const { t } = useTranslation(['account', 'common']);
  const me = useMe();
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { current_password: '', new_password: '', again: '' },
    validate: {
      current_password: (text) => (text ? null : t('password.currentRule')),
      new_password: (text) => (text.length >= 8 && text.length <= 128 ? null : t('common:account.passwordRule')),
      again: (text, values) => (text === values.new_password ? null : t('password.differs')),
    },
    names: { password: 'new_password' },
  });
  const change = useChange(
    ({ current, wanted }: { current: string; wanted: string }) => account.changePassword(current, wanted),
    [['devices']],
    ({ ended }) => {
      form.reset();
      tellDone(t('password.changed', { count: ended }));
    },
  );
  const act = submit(({ current_password, new_password }) =>
    change.mutateAsync({ current: current_password, wanted: new_password }),
  );
  return (
    <Card>
      <form onSubmit={act} noValidate>
        <UnsavedGuard unsaved={form.isDirty() && !busy} />
        <Stack>
          <div>
            <Title order={2} size="h4">
              {t('password.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('password.about')}
            </Text>
          </div>
          {problem !== undefined && <Problem error={problem} />}
          <input type="hidden" name="username" autoComplete="username" value={me.username} readOnly />
          <PasswordInput
            label={t('password.current')}
            autoComplete="current-password"
            required
            {...form.getInputProps('current_password')}
          />
          <PasswordInput
            label={t('password.new')}
            description={t('common:account.passwordRule')}
            autoComplete="new-password"
            required
            {...form.getInputProps('new_password')}
          />
          <PasswordInput
            label={t('password.again')}
            autoComplete="new-password"
            required
            {...form.getInputProps('again')}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t('password.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function DevicesCard() {
  const { t } = useTranslation('account');
  const query = useQuery({ ...devicesQuery, refetchInterval: AGAIN_MS });
  const confirm = useConfirm();
  const tell = useTellFailure();
  const endOthers = useChange(account.endOtherDevices, [['devices']], ({ ended }) =>
    tellDone(t('devices.ended', { count: ended })),
  );
  const ask = async () => {
    const sure = await confirm({
      title: t('devices.othersTitle'),
      text: t('devices.othersText'),
      act: t('devices.endOthers'),
    });
    if (sure) endOthers.mutate(undefined, { onError: tell });
  };
  return (
    <Card>
      <Stack>
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h4">
              {t('devices.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('devices.about')}
            </Text>
          </div>
          {(query.data?.items.length ?? 0) > 1 && (
            <Button size="sm" variant="default" loading={endOthers.isPending} onClick={ask}>
              {t('devices.endOthers')}
            </Button>
          )}
        </Group>
        <Loaded query={query} rows={2}>
          {({ items }) => (
            <Stack component="ul" gap="md" m={0} p={0} style={{ listStyle: 'none' }} data-testid="devices">
              {items.map((device) => (
                <DeviceRow key={device.id} device={device} />
              ))}
            </Stack>
          )}
        </Loaded>
      </Stack>
    </Card>
  );
}

function DeviceRow({ device }: { device: Device }) {
  const { t } = useTranslation('account');
  const format = useFormat();
  const tell = useTellFailure();
  const end = useChange(() => account.endDevice(device.id), [['devices']]);
  const { program, system, phone } = readAgent(device.user_agent);
  const name = system ? t('devices.on', { program, system }) : program || t('devices.unknown');
  const Icon = phone ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <Group component="li" justify="space-between" gap="sm">
      <Group gap="sm" wrap="nowrap" flex="1 1 14rem" miw={0}>
        <ThemeIcon variant="light" size="lg" aria-hidden>
          <Icon size={18} />
        </ThemeIcon>
        <div style={{ minWidth: 0 }}>
          <Group gap="xs">
            <Text size="sm" fw={600} title={device.user_agent}>
              {name}
            </Text>
            {device.is_current && <Badge color="green">{t('devices.current')}</Badge>}
          </Group>
          <Text size="xs" c="dimmed">
            {t('devices.used', { time: format.ago(device.last_used_at, Date.now()) })}
            {device.ip_address && ` · ${device.ip_address}`}
            {` · ${t('devices.since', { time: format.time(device.created_at) })}`}
          </Text>
        </div>
      </Group>
      {!device.is_current && (
        <Button
          size="xs"
          variant="default"
          loading={end.isPending}
          onClick={() => end.mutate(undefined, { onError: tell })}
          aria-label={t('devices.endWhat', { name })}
        >
          {t('devices.end')}
        </Button>
      )}
    </Group>
  );
}
