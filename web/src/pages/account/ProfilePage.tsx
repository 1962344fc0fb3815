import { Card, Progress, SegmentedControl, Select, Stack, Text, Title, useMantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useChoices } from '@/app/choices';
import { useMe } from '@/app/session';
import { LANGUAGES, type Language } from '@/i18n';
import { useFormat } from '@/i18n/format';

import { AccountFrame } from './AccountFrame';

export function ProfilePage() {
  const { t } = useTranslation('account');
  const me = useMe();
  const format = useFormat();
  const share = me.storage_quota > 0 ? Math.min(100, (me.storage_used / me.storage_quota) * 100) : 0;
  return (
    <AccountFrame part="profile">
      <Stack>
        <Card>
          <Title order={2} size="h4" mb="md">
            {t('profile.who')}
          </Title>
          <dl className="facts">
            <dt>{t('profile.username')}</dt>
            <dd>{me.username}</dd>
            <dt>{t('profile.email')}</dt>
            <dd>{me.email}</dd>
            <dt>{t('profile.role')}</dt>
            <dd>{t(`role.${me.role}`)}</dd>
            <dt>{t('profile.since')}</dt>
            <dd>{format.time(me.created_at)}</dd>
            <dt>{t('profile.space')}</dt>
            <dd>
              {format.bytes(me.storage_used)}
              {me.storage_quota > 0 ? ` / ${format.bytes(me.storage_quota)}` : ` · ${t('profile.unlimited')}`}
              {me.storage_quota > 0 && <Progress mt={6} maw={320} value={share} aria-label={t('profile.space')} />}
            </dd>
          </dl>
          <Text size="sm" c="dimmed" mt="md">
            {t('profile.fixed')}
          </Text>
        </Card>
        <Appearance />
      </Stack>
    </AccountFrame>
  );
}

/** In force at once, here and wherever the person signs in. */
function Appearance() {
  const { t, i18n } = useTranslation('account');
  const { colorScheme } = useMantineColorScheme();
  const { chooseLanguage, chooseScheme } = useChoices();
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {t('profile.appearance')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('profile.appearanceAbout')}
          </Text>
        </div>
        <Select
          label={t('profile.language')}
          data={(Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }))}
          value={i18n.language}
          onChange={(value) => value && void chooseLanguage(value as Language)}
          allowDeselect={false}
          maw={320}
        />
        <div>
          <Text size="sm" fw={500} id="scheme" mb={4}>
            {t('profile.scheme')}
          </Text>
          <SegmentedControl
            aria-labelledby="scheme"
            value={colorScheme}
            onChange={(value) => chooseScheme(value as typeof colorScheme)}
            data={(['auto', 'light', 'dark'] as const).map((value) => ({ value, label: t(`scheme.${value}`) }))}
          />
        </div>
      </Stack>
    </Card>
  );
}
