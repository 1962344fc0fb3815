import { Alert, Card, ScrollArea, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Copyable } from '@/components/Copyable';

import { mountText, PLATFORMS, type Platform } from './mounting';

/** The address, and how it is used on each platform. */
export function MountingCard({ endpoint, username }: { endpoint: string; username: string }) {
  const { t } = useTranslation('account');
  const [platform, setPlatform] = useState<Platform>('windows');
  return (
    <Card>
      <Stack>
        <div>
          <Title order={2} size="h4">
            {t('mount.title')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('mount.about')}
          </Text>
        </div>
        <Copyable label={t('mount.address')} text={endpoint} />
        {endpoint.startsWith('http:') && (
          <Alert color="yellow" title={t('mount.plainTitle')}>
            {t('mount.plainText')}
          </Alert>
        )}
        <ScrollArea type="auto" offsetScrollbars="x">
          <SegmentedControl
            aria-label={t('mount.platform')}
            value={platform}
            onChange={(value) => setPlatform(value as Platform)}
            data={PLATFORMS.map((value) => ({ value, label: t(`platform.${value}`) }))}
          />
        </ScrollArea>
        <Text size="sm">{t(`mount.how.${platform}`)}</Text>
        <Copyable label={t(`mount.label.${platform}`)} text={mountText(platform, endpoint, username)} />
      </Stack>
    </Card>
  );
}
