import { Box, Group } from '@mantine/core';
import { IconDeviceDesktopAnalytics, IconKey, IconPlugConnected, IconUser } from '@tabler/icons-react';
import { useRouterState } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { LinkNav } from '@/components/links';
import { Page } from '@/components/Page';

const PARTS = [
  { id: 'profile', to: '/account/profile', Icon: IconUser },
  { id: 'security', to: '/account/security', Icon: IconDeviceDesktopAnalytics },
  { id: 'tokens', to: '/account/tokens', Icon: IconKey },
  { id: 'webdav', to: '/account/webdav', Icon: IconPlugConnected },
] as const;

interface Props {
  part: (typeof PARTS)[number]['id'];
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of the pages about the own account, with the way to the other ones. */
export function AccountFrame({ part, actions, children }: Props) {
  const { t } = useTranslation('account');
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <Page title={t(`${part}.title`)} about={t(`${part}.about`)} actions={actions}>
      <Group component="nav" gap={4} aria-label={t('parts')}>
        {PARTS.map(({ id, to, Icon }) => (
          <LinkNav
            key={id}
            to={to}
            w="auto"
            label={t(`${id}.name`)}
            leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
            active={path === to}
            aria-current={path === to ? 'page' : undefined}
            variant="light"
          />
        ))}
      </Group>
      <Box maw={860}>{children}</Box>
    </Page>
  );
}
