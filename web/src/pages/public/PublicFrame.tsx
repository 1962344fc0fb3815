import { Box, Container, Group, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { Logo } from '@/components/Logo';
import { OfflineBanner } from '@/components/OfflineBanner';
import { Preferences } from '@/components/Preferences';

interface Props {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** The frame of what visitors without account see. */
export function PublicFrame({ title, about, actions, wide = false, children }: Props) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <>
      <Box
        component="header"
        px="md"
        py="sm"
        bg="var(--aster-surface)"
        style={{ borderBottom: '1px solid var(--aster-line)' }}
      >
        <Container size={1100} p={0}>
          <Group justify="space-between" wrap="nowrap">
            <Logo />
            <Preferences />
          </Group>
        </Container>
      </Box>
      <Container component="main" size={wide ? 1100 : 560} py="xl">
        <OfflineBanner />
        <Group justify="space-between" align="flex-start" mb="lg" gap="md">
          <Box flex={1} miw={220}>
            <Title order={1}>{title}</Title>
            {about}
          </Box>
          {actions}
        </Group>
        {children}
      </Container>
    </>
  );
}
