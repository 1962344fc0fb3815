import { Card, Group, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { useMe } from '@/app/session';
import { LinkButton } from '@/components/links';
import { Page } from '@/components/Page';
import { useFormat } from '@/i18n/format';

/** What the person has here. */
export function HomePage() {
  const { t } = useTranslation();
  const me = useMe();
  const format = useFormat();
  const share = me.storage_quota > 0 ? Math.min(100, (me.storage_used / me.storage_quota) * 100) : 0;
  return (
    <Page title={t('home.title', { name: me.username })}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Card>
          <Stack gap="xs">
            <Title order={2} size="h4">
              {t('home.space')}
            </Title>
            <Text fz={28} fw={650}>
              {format.bytes(me.storage_used)}
            </Text>
            {me.storage_quota > 0 && <Progress value={share} aria-label={t('home.space')} />}
            <Text c="dimmed" size="sm">
              {me.storage_quota > 0
                ? t('home.ofQuota', { quota: format.bytes(me.storage_quota) })
                : t('home.unlimited')}
            </Text>
          </Stack>
        </Card>
        {me.role === 'admin' && (
          <Card>
            <Stack gap="xs" h="100%" justify="space-between">
              <div>
                <Title order={2} size="h4">
                  {t('home.admin')}
                </Title>
                <Text c="dimmed" mt={4}>
                  {t('home.adminText')}
                </Text>
              </div>
              <Group>
                <LinkButton to="/admin/overview">{t('home.openAdmin')}</LinkButton>
              </Group>
            </Stack>
          </Card>
        )}
      </SimpleGrid>
    </Page>
  );
}
