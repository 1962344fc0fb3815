import { ActionIcon, Menu, Paper, Text, Tooltip } from '@mantine/core';
import { IconDots, IconDownload, IconFolderSymlink, IconShare, IconTrash, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';

import css from './Drive.module.css';
import { ItemActions } from './ItemMenu';
import type { ListingModel } from './listing/useListing';
import type { Acts } from './useActs';

/** What can be done with everything that is chosen. Floats above the list, so that nothing below it moves. */
export function SelectionBar({ acts, model }: { acts: Acts; model: ListingModel<DriveItem> }) {
  const { t } = useTranslation('drive');
  const items = model.chosen;
  return (
    <>
      <span role="status" className={css.unseen}>
        {items.length > 0 ? t('selection.count', { count: items.length }) : ''}
      </span>
      {items.length > 1 && (
        <Paper className={css.bar} role="toolbar" aria-label={t('selection.actions')} withBorder shadow="md">
          <BarButton label={t('selection.clear')} Icon={IconX} onClick={model.none} />
          <Text size="sm" fw={600} px={4}>
            {t('selection.count', { count: items.length })}
          </Text>
          <BarButton label={t('act.download')} Icon={IconDownload} onClick={() => acts.download(items)} />
          {acts.share && <BarButton label={t('act.share')} Icon={IconShare} onClick={() => acts.share?.(items)} />}
          <BarButton label={t('act.move')} Icon={IconFolderSymlink} onClick={() => acts.ask({ what: 'move', items })} />
          <BarButton label={t('act.delete')} Icon={IconTrash} onClick={() => acts.trash(items)} />
          <Menu position="top-end" width={232}>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('selection.more')}>
                <IconDots size={20} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <ItemActions acts={acts} items={items} />
            </Menu.Dropdown>
          </Menu>
        </Paper>
      )}
    </>
  );
}

function BarButton({ label, Icon, onClick }: { label: string; Icon: typeof IconX; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={36} aria-label={label} onClick={onClick}>
        <Icon size={20} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
