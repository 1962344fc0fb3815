import { Kbd, Modal, Text, TextInput, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type DriveItem, isFile, keyOf } from '@/api/files';
import { searchQuery } from '@/api/search';
import type { Space } from '@/api/spaces';
import { useTellFailure } from '@/components/notify';

import { download } from '../download';
import { useDriveExtensions } from '../extensions';
import { ItemIcon } from '../ItemIcon';
import { folderPath, searchPath } from '../paths';
import { useSpaceName } from '../useSpaceName';
import css from './SearchDialog.module.css';

const SHOWN = 8;
const PAUSE_MS = 150;

interface Props {
  space: Space;
  onClose: () => void;
}

/** The quick way to something: type, arrows, Enter. */
export function SearchDialog({ space, onClose }: Props) {
  const { t } = useTranslation('drive');
  const where = useSpaceName(space);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const [q] = useDebouncedValue(text.trim(), PAUSE_MS);
  const query = useInfiniteQuery({ ...searchQuery(space, { q }, SHOWN), enabled: q !== '' });
  const items = q === '' ? [] : (query.data?.pages[0]?.items.slice(0, SHOWN) ?? []);
  const open = useOpen(space, items, onClose);
  const count = text.trim() === '' ? 0 : items.length + 1;
  const act = (index: number) => {
    const item = items[index];
    if (item) open.item(item);
    else open.all(text.trim());
  };
  const pressed = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && count > 0) setAt((now) => (now + step + count) % count);
    else if (event.key === 'Enter' && count > 0) act(Math.min(at, count - 1));
    else return;
    event.preventDefault();
  };
  return (
    <Modal opened onClose={onClose} title={t('search.title', { where })} size="lg" yOffset="10dvh" centered={false}>
      <TextInput
        data-autofocus
        type="search"
        role="combobox"
        aria-expanded={count > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={count > 0 ? `${id}-${Math.min(at, count - 1)}` : undefined}
        aria-autocomplete="list"
        aria-label={t('search.label')}
        placeholder={t('search.placeholder')}
        leftSection={<IconSearch size={18} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={pressed}
      />
      <Options id={id} items={items} at={Math.min(at, count - 1)} text={text.trim()} onPick={act} />
      <VisuallyHidden role="status">
        {q && query.data ? t('search.found', { count: items.length, found: items.length }) : ''}
      </VisuallyHidden>
      <Text size="xs" c="dimmed" mt="sm">
        <Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> <Kbd size="xs">↵</Kbd> {t('search.keys')}
      </Text>
    </Modal>
  );
}

interface OptionsProps {
  id: string;
  items: DriveItem[];
  at: number;
  text: string;
  onPick: (index: number) => void;
}

function Options({ id, items, at, text, onPick }: OptionsProps) {
  const { t } = useTranslation('drive');
  const option = (index: number) => ({
    id: `${id}-${index}`,
    role: 'option' as const,
    'aria-selected': index === at,
    className: css.option,
    // The field keeps the focus.
    onMouseDown: (event: React.MouseEvent) => event.preventDefault(),
    onClick: () => onPick(index),
  });
  return (
    <div id={`${id}-list`} role="listbox" aria-label={t('search.results')} className={css.list}>
      {items.map((item, index) => (
        <div key={keyOf(item)} {...option(index)}>
          <ItemIcon item={item} />
          <span className={css.name}>{item.name}</span>
        </div>
      ))}
      {text !== '' && (
        <div {...option(items.length)}>
          <IconSearch size={24} stroke={1.5} aria-hidden />
          <span className={css.name}>{t('search.all', { text })}</span>
        </div>
      )}
    </div>
  );
}

function useOpen(space: Space, items: DriveItem[], onClose: () => void) {
  const navigate = useNavigate();
  const tell = useTellFailure();
  const { openPreview } = useDriveExtensions();
  return {
    item: (item: DriveItem) => {
      onClose();
      if (!isFile(item)) return void navigate({ to: folderPath({ space, folderId: item.id }) });
      if (openPreview) return openPreview({ space, item, siblings: items.filter(isFile) });
      void download(space, [item], item.name).catch(tell);
    },
    all: (q: string) => {
      onClose();
      void navigate({ to: searchPath(space), search: { q } as never });
    },
  };
}
