import { CloseButton, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';
import type { Place, Space } from '@/api/spaces';
import { useFormat } from '@/i18n/format';
import css from './Drive.module.css';
import { FileFacts } from './details/FileFacts';
import { FolderFacts, RootFacts } from './details/FolderFacts';
import { Notes } from './details/Notes';
import { Versions } from './details/Versions';
import { Thumbnail } from './Thumbnail';

interface Props {
  space: Space;
  /** What is shown while nothing is chosen; search has no folder of its own. */
  place: Place | undefined;
  title: string;
  items: DriveItem[];
  onClose: () => void;
}

/** Beside the list where there is room, above it where there is not. */
export function Details(props: Props) {
  const { t } = useTranslation('drive');
  const id = useId();
  const isWide = useMediaQuery('(min-width: 62em)', true);
  if (!isWide) {
    return (
      <Drawer opened onClose={props.onClose} position="right" title={t('details.title')} size="min(380px, 100%)">
        <Content {...props} />
      </Drawer>
    );
  }
  return (
    <aside className={css.aside} aria-labelledby={id}>
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Title order={2} size="h5" id={id}>
          {t('details.title')}
        </Title>
        <CloseButton aria-label={t('details.close')} onClick={props.onClose} />
      </Group>
      <Content {...props} />
    </aside>
  );
}

function Content({ space, place, title, items }: Props) {
  const { t } = useTranslation('drive');
  const [first] = items;
  if (items.length > 1) return <Several items={items} />;
  if (first) return <One key={`${first.kind}-${first.id}`} space={space} item={first} />;
  if (!place) return <Text c="dimmed">{t('details.nothing')}</Text>;
  return (
    <Stack>
      <Text fw={600}>{title}</Text>
      {place.folderId === null ? <RootFacts place={place} /> : <FolderFacts space={space} id={place.folderId} />}
    </Stack>
  );
}

function Several({ items }: { items: DriveItem[] }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const files = items.filter((item) => item.kind === 'file');
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return (
    <dl className="facts">
      <dt>{t('details.files')}</dt>
      <dd>{format.count(files.length)}</dd>
      <dt>{t('details.folders')}</dt>
      <dd>{format.count(items.length - files.length)}</dd>
      <dt>{t('details.size')}</dt>
      <dd>{format.bytes(bytes)}</dd>
    </dl>
  );
}

function One({ space, item }: { space: Space; item: DriveItem }) {
  return (
    <Stack>
      <div className={css.cover}>
        <Thumbnail space={space} item={item} size={64} />
      </div>
      <Text fw={600}>{item.name}</Text>
      {item.kind === 'file' ? <FileFacts space={space} id={item.id} /> : <FolderFacts space={space} id={item.id} />}
      {item.kind === 'file' && <Versions space={space} file={item} />}
      <Notes space={space} item={item} />
    </Stack>
  );
}
