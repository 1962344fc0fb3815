import { ActionIcon, Kbd, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';

import { spaceOf } from '../paths';

const SearchDialog = lazy(() => import('./SearchDialog').then(({ SearchDialog: it }) => ({ default: it })));

/** In the head of every page; the dialog is loaded when it is opened. */
export function SearchButton({ path }: { path: string }) {
  const { t } = useTranslation();
  const [opened, { open, close }] = useDisclosure();
  useHotkeys([
    ['mod+K', open],
    ['/', open],
  ]);
  return (
    <>
      <UnstyledButton onClick={open} visibleFrom="sm" className="search-button" aria-keyshortcuts="Control+K /">
        <IconSearch size={18} aria-hidden />
        <span>{t('nav.search')}</span>
        <Kbd size="xs" aria-hidden>
          Ctrl K
        </Kbd>
      </UnstyledButton>
      <ActionIcon hiddenFrom="sm" variant="subtle" color="gray" size="lg" aria-label={t('nav.search')} onClick={open}>
        <IconSearch size={20} aria-hidden />
      </ActionIcon>
      {opened && (
        <Suspense>
          <SearchDialog space={spaceOf(path)} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
