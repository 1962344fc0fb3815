import { Alert, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { onlineManager } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import { lookAgain } from '@/api/reachability';

/** Stands above everything while the server is away; goes by itself when it is back. */
export function OfflineBanner() {
  const { t } = useTranslation();
  const [looking, setLooking] = useState(false);
  const online = useSyncExternalStore(
    (changed) => onlineManager.subscribe(changed),
    () => onlineManager.isOnline(),
  );
  if (online) return null;
  const look = async () => {
    setLooking(true);
    await lookAgain();
    setLooking(false);
  };
  return (
    <Alert
      color="yellow"
      role="status"
      icon={<IconPlugConnectedX aria-hidden />}
      title={t('offline.title')}
      mb="lg"
      data-testid="offline"
    >
      <Group justify="space-between">
        <Text size="sm">{t('offline.text')}</Text>
        <Button size="xs" variant="default" loading={looking} onClick={look}>
          {t('offline.now')}
        </Button>
      </Group>
    </Alert>
  );
}
