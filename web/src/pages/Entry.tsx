import { Box, Card, Center, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { Logo } from '@/components/Logo';
import { OfflineBanner } from '@/components/OfflineBanner';
import { Preferences } from '@/components/Preferences';

interface Props {
  title: string;
  about?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** The frame of the pages before anybody is signed in. */
export function Entry({ title, about, wide = false, children }: Props) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <Box mih="100dvh" style={{ display: 'flex', flexDirection: 'column' }}>
      <Group component="header" justify="space-between" p="md">
        <Logo />
        <Preferences />
      </Group>
      <Center component="main" flex={1} p="md">
        <Box w="100%" maw={wide ? 640 : 420}>
          <OfflineBanner />
          <Card padding="xl">
            <Stack gap="lg">
              <div>
                <Title order={1}>{title}</Title>
                {about && (
                  <Text c="dimmed" mt={4}>
                    {about}
                  </Text>
                )}
              </div>
              {children}
            </Stack>
          </Card>
        </Box>
      </Center>
    </Box>
  );
}
