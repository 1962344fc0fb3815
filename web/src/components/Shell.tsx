import {
  AppShell,
  Avatar,
  Burger,
  Container,
  Divider,
  Group,
  Menu,
  ScrollArea,
  Text,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAdjustments,
  IconChartBar,
  IconDatabase,
  IconHistory,
  IconListCheck,
  IconLogout,
  IconRoute,
  IconServer2,
  IconShare,
  IconUserCog,
  IconUsers,
  IconUsersGroup,
} from '@tabler/icons-react';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { Companions } from '@/app/Companions';
import { useKeptChoices } from '@/app/choices';
import { signOut, useMe } from '@/app/session';
import { SearchButton } from '@/pages/drive/search/SearchButton';

import { Loading } from './Loaded';
import { Logo } from './Logo';
import { LinkAnchor, LinkMenuItem, LinkNav } from './links';
import { OfflineBanner } from './OfflineBanner';
import { Preferences } from './Preferences';

const nav = () => import('@/pages/drive/DriveNav');
const DriveNav = lazy(() => nav().then(({ DriveNav: it }) => ({ default: it })));
const SpaceUsage = lazy(() => nav().then(({ SpaceUsage: it }) => ({ default: it })));

const icon = { size: 20, stroke: 1.6, 'aria-hidden': true } as const;

/** Folders, trash and search scroll by themselves and take all the room there is; other pages are read. */
const fillsWindow = (path: string) => path === '/' || /^\/(?:drive|teams\/\d+)(?!.*\/manage)/.test(path);

/** The frame of everything behind the sign-in. */
export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  useKeptChoices();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever another page is shown
  useEffect(close, [path]);
  const fills = fillsWindow(path);
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 248, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'md', sm: 'xl' }}
    >
      <a href="#main" className="skip-link">
        {t('nav.skip')}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t('nav.menu')}
              aria-expanded={opened}
              aria-controls="navigation"
            />
            <LinkAnchor to="/" underline="never" c="inherit" aria-label={t('nav.home')}>
              <Logo short />
            </LinkAnchor>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchButton path={path} />
            <Preferences />
            <Account name={me.username} email={me.email} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar id="navigation" component="nav" aria-label={t('nav.main')} p="sm">
        <AppShell.Section grow component={ScrollArea}>
          <Suspense fallback={<Loading rows={3} />}>
            <DriveNav path={path} />
          </Suspense>
          {me.role === 'admin' && <AdminLinks path={path} />}
        </AppShell.Section>
        <AppShell.Section>
          <Suspense>
            <SpaceUsage path={path} />
          </Suspense>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }} data-fills={fills || undefined}>
        <Container size={fills ? '100%' : 1360} p={0}>
          <OfflineBanner />
          <Suspense fallback={<Loading rows={6} />}>
            <Outlet />
          </Suspense>
        </Container>
      </AppShell.Main>
      <Companions />
    </AppShell>
  );
}

function Section({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <Divider my="xs" color="var(--aster-line)" />
      <Text size="xs" fw={600} c="dimmed" px="sm" pb={4}>
        {label}
      </Text>
      {children}
    </>
  );
}

function AdminLinks({ path }: { path: string }) {
  const { t } = useTranslation();
  const at = (prefix: string) => path === prefix || path.startsWith(`${prefix}/`);
  const link = (to: string, label: string, Icon: typeof IconChartBar) => (
    <LinkNav key={to} to={to} label={label} leftSection={<Icon {...icon} />} active={at(to)} variant="light" />
  );
  return (
    <>
      <Section label={t('nav.admin')}>{link('/admin/overview', t('nav.overview'), IconChartBar)}</Section>
      <Section label={t('nav.storage')}>
        {link('/admin/remote-nodes', t('nav.nodes'), IconServer2)}
        {link('/admin/policies', t('nav.policies'), IconDatabase)}
        {link('/admin/policy-groups', t('nav.groups'), IconRoute)}
      </Section>
      <Section label={t('nav.people')}>
        {link('/admin/users', t('nav.users'), IconUsers)}
        {link('/admin/teams', t('nav.teams'), IconUsersGroup)}
        {link('/admin/shares', t('nav.shares'), IconShare)}
      </Section>
      <Section label={t('nav.system')}>
        {link('/admin/settings', t('nav.settings'), IconAdjustments)}
        {link('/admin/tasks', t('nav.tasks'), IconListCheck)}
        {link('/admin/audit', t('nav.audit'), IconHistory)}
      </Section>
    </>
  );
}

function Account({ name, email }: { name: string; email: string }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton>
          <VisuallyHidden>{t('nav.account', { name })}</VisuallyHidden>
          <Avatar name={name} color="initials" allowedInitialsColors={['aster']} size={36} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text fw={600} size="sm" c="var(--mantine-color-text)">
            {name}
          </Text>
          <Text size="xs">{email}</Text>
        </Menu.Label>
        <Menu.Divider />
        <LinkMenuItem to="/account/profile" leftSection={<IconUserCog size={18} aria-hidden />}>
          {t('nav.yourAccount')}
        </LinkMenuItem>
        <Menu.Item leftSection={<IconLogout size={18} aria-hidden />} onClick={() => void signOut()}>
          {t('nav.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
