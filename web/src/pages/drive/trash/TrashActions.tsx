import { Button, Menu, Paper, Text } from '@mantine/core';
import { IconRestore, IconTrashX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { TrashEntry } from '@/api/trash';

import css from '../Drive.module.css';
import type { ListingModel } from '../listing/useListing';
import type { Point } from '../listing/useListingEvents';
import { MenuAt } from '../MenuAt';

export interface TrashActs {
  restore: (entries: TrashEntry[]) => void;
  purge: (entries: TrashEntry[]) => void;
  empty: () => void;
}

const icon = { size: 18, 'aria-hidden': true } as const;

export function TrashBar({ acts, model }: { acts: TrashActs; model: ListingModel<TrashEntry> }) {
  const { t } = useTranslation('drive');
  const entries = model.chosen;
  if (entries.length === 0) return null;
  return (
    <Paper className={css.bar} role="toolbar" aria-label={t('selection.actions')} withBorder shadow="md">
      <Text size="sm" fw={600} px={4} role="status">
        {t('selection.count', { count: entries.length })}
      </Text>
      <Button
        size="compact-md"
        variant="light"
        leftSection={<IconRestore {...icon} />}
        onClick={() => acts.restore(entries)}
      >
        {t('trash.restore')}
      </Button>
      <Button
        size="compact-md"
        variant="subtle"
        color="red"
        leftSection={<IconTrashX {...icon} />}
        onClick={() => acts.purge(entries)}
      >
        {t('trash.purge')}
      </Button>
    </Paper>
  );
}

interface MenuProps {
  at: Point | undefined;
  onClose: () => void;
  acts: TrashActs;
  entries: TrashEntry[];
}

export function TrashMenu({ at, onClose, acts, entries }: MenuProps) {
  const { t } = useTranslation('drive');
  return (
    <MenuAt at={entries.length > 0 ? at : undefined} onClose={onClose}>
      <Menu.Item leftSection={<IconRestore {...icon} />} onClick={() => acts.restore(entries)}>
        {t('trash.restore')}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<IconTrashX {...icon} />} color="var(--aster-bad)" onClick={() => acts.purge(entries)}>
        {t('trash.purge')}
      </Menu.Item>
    </MenuAt>
  );
}
