import { Menu } from '@mantine/core';
import {
  IconCopy,
  IconCut,
  IconDownload,
  IconEdit,
  IconExternalLink,
  IconFiles,
  IconFolderSymlink,
  IconInfoCircle,
  IconLock,
  IconLockOpen,
  IconShare,
  IconTrash,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';

import type { Point } from './listing/useListingEvents';
import { MenuAt } from './MenuAt';
import type { Acts } from './useActs';

interface Props {
  at: Point | undefined;
  onClose: () => void;
  acts: Acts;
  items: DriveItem[];
}

const icon = { size: 18, 'aria-hidden': true } as const;

/** What can be done with what is chosen, where somebody asked for it. */
export function ItemMenu({ at, onClose, acts, items }: Props) {
  return (
    <MenuAt at={items.length > 0 ? at : undefined} onClose={onClose}>
      <ItemActions acts={acts} items={items} />
    </MenuAt>
  );
}

/** The entries, for any menu. */
export function ItemActions({ acts, items }: Pick<Props, 'acts' | 'items'>) {
  const { t } = useTranslation('drive');
  const [only] = items.length === 1 ? items : [];
  return (
    <>
      {only && (
        <Menu.Item leftSection={<IconExternalLink {...icon} />} onClick={() => acts.open(only)}>
          {t('act.open')}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconDownload {...icon} />} onClick={() => acts.download(items)}>
        {t('act.download')}
      </Menu.Item>
      {acts.share && (
        <Menu.Item leftSection={<IconShare {...icon} />} onClick={() => acts.share?.(items)}>
          {t('act.share')}
        </Menu.Item>
      )}
      <Menu.Divider />
      {only && (
        <Menu.Item leftSection={<IconEdit {...icon} />} onClick={() => acts.rename(only)}>
          {t('act.rename')}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconFolderSymlink {...icon} />} onClick={() => acts.ask({ what: 'move', items })}>
        {t('act.move')}
      </Menu.Item>
      <Menu.Item leftSection={<IconFiles {...icon} />} onClick={() => acts.ask({ what: 'copy', items })}>
        {t('act.copyTo')}
      </Menu.Item>
      <Menu.Item leftSection={<IconCut {...icon} />} onClick={() => acts.cut(items)}>
        {t('act.cut')}
      </Menu.Item>
      <Menu.Item leftSection={<IconCopy {...icon} />} onClick={() => acts.copy(items)}>
        {t('act.copy')}
      </Menu.Item>
      {only && <LockItem acts={acts} item={only} />}
      <Menu.Item leftSection={<IconInfoCircle {...icon} />} onClick={acts.details}>
        {t('act.details')}
      </Menu.Item>
      <Menu.Divider />
      <Menu.Item leftSection={<IconTrash {...icon} />} color="var(--aster-bad)" onClick={() => acts.trash(items)}>
        {t('act.delete')}
      </Menu.Item>
    </>
  );
}

function LockItem({ acts, item }: { acts: Acts; item: DriveItem }) {
  const { t } = useTranslation('drive');
  const Icon = item.is_locked ? IconLockOpen : IconLock;
  return (
    <Menu.Item leftSection={<Icon {...icon} />} onClick={() => void acts.changes.lock(item, !item.is_locked)}>
      {item.is_locked ? t('act.unlock') : t('act.lock')}
    </Menu.Item>
  );
}
