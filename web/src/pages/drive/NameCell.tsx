import { Tooltip } from '@mantine/core';
import { IconLink, IconLock } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { contentUrl, type DriveItem } from '@/api/files';
import type { Space } from '@/api/spaces';

import css from './Drive.module.css';
import { folderPath } from './paths';
import { Thumbnail } from './Thumbnail';

interface Props {
  space: Space;
  item: DriveItem;
  /** Stands in the place of the name while it is edited. */
  editor?: ReactNode;
  /** What a narrow list says below the name. */
  below: ReactNode;
}

export function NameCell({ space, item, editor, below }: Props) {
  return (
    <div className={css.name}>
      <span className={css.small}>
        <Thumbnail space={space} item={item} size={26} />
      </span>
      <span className={css.words}>
        {editor ?? (
          <span className={css.first}>
            <ItemLink space={space} item={item} />
            <Marks item={item} />
          </span>
        )}
        <span className={css.below}>{below}</span>
      </span>
    </div>
  );
}

/** A real link, so that it can be opened in another tab; the list itself opens it here. */
export function ItemLink({ space, item }: { space: Space; item: DriveItem }) {
  const href = item.kind === 'folder' ? folderPath({ space, folderId: item.id }) : contentUrl(space, item.id, true);
  return (
    <a href={href} data-act="open" tabIndex={-1} draggable={false} className={css.link} title={item.name}>
      {item.name}
    </a>
  );
}

export function Marks({ item }: { item: DriveItem }) {
  const { t } = useTranslation('drive');
  return (
    <>
      {item.is_shared && <Mark label={t('item.shared')} Icon={IconLink} />}
      {item.is_locked && <Mark label={t('item.locked')} Icon={IconLock} />}
    </>
  );
}

function Mark({ label, Icon }: { label: string; Icon: typeof IconLink }) {
  return (
    <Tooltip label={label}>
      <span role="img" aria-label={label} className={css.mark}>
        <Icon size={15} aria-hidden />
      </span>
    </Tooltip>
  );
}

export function TileBody({ space, item, editor }: Omit<Props, 'below'>) {
  return (
    <>
      <span className={css.large}>
        <Thumbnail space={space} item={item} size={56} />
      </span>
      <span className={css.caption}>
        {editor ?? (
          <>
            <ItemLink space={space} item={item} />
            <Marks item={item} />
          </>
        )}
      </span>
    </>
  );
}
