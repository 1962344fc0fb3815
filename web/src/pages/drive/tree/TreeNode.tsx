import { Loader } from '@mantine/core';
import { IconChevronRight, IconFolder } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { MouseEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { subfoldersQuery } from '@/api/folders';
import type { Place } from '@/api/spaces';
import { dropHandlers } from '../dnd';
import { useChanges } from '../useChanges';
import { useDrop } from '../useDrop';
import { useTreeState } from './context';
import { placeKey } from './FolderTree';
import css from './FolderTree.module.css';

interface Props {
  place: Place;
  name: string;
  icon?: ReactNode;
  level: number;
}

export function TreeNode({ place, name, icon, level }: Props) {
  const state = useTreeState();
  const key = placeKey(place);
  const isOpen = state.isOpen(key);
  const below = useQuery({ ...subfoldersQuery(place.space, place.folderId), enabled: isOpen });
  // Whether there is anything to open is known once it was opened.
  const isLeaf = below.data?.foldersTotal === 0;
  const drop = useDrop(useChanges(place.space));
  return (
    <li role="none">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the tree are caught at its frame */}
      <div
        role="treeitem"
        aria-level={level}
        aria-expanded={isLeaf ? undefined : isOpen}
        aria-selected={state.currentKey === key}
        aria-disabled={state.isDisabled?.(place) || undefined}
        tabIndex={state.activeKey === key ? 0 : -1}
        data-key={key}
        className={css.line}
        style={{ paddingInlineStart: (level - 1) * 14 }}
        onFocus={() => state.setActive(key)}
        onClick={(event) => {
          event.currentTarget.focus({ preventScroll: true });
          if ((event.target as HTMLElement).closest('[data-toggle]')) state.setOpen(key, !isOpen);
        }}
        {...dropHandlers((event) => ({ element: event.currentTarget, place }), drop)}
      >
        <span className={css.toggle} data-toggle data-open={isOpen || undefined} data-leaf={isLeaf || undefined}>
          {isOpen && below.isLoading ? <Loader size={12} /> : <IconChevronRight size={16} aria-hidden />}
        </span>
        <Name place={place} name={name} icon={icon} />
      </div>
      {isOpen && !isLeaf && <Below place={place} level={level + 1} />}
    </li>
  );
}

function Name({ place, name, icon }: Omit<Props, 'level'>) {
  const state = useTreeState();
  const href = state.hrefOf?.(place);
  const pick = (event: MouseEvent) => {
    // Another tab or window is the browser's business.
    if (href && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    if (!state.isDisabled?.(place)) state.onPick(place);
  };
  const content = (
    <>
      {icon ?? <IconFolder size={18} stroke={1.6} aria-hidden />}
      <span className={css.text}>{name}</span>
    </>
  );
  const props = { className: css.name, 'data-pick': true, tabIndex: -1, onClick: pick, title: name };
  return href ? (
    <a href={href} draggable={false} {...props}>
      {content}
    </a>
  ) : (
    <button type="button" {...props}>
      {content}
    </button>
  );
}

function Below({ place, level }: { place: Place; level: number }) {
  const { t } = useTranslation('drive');
  const { data, error } = useQuery(subfoldersQuery(place.space, place.folderId));
  const indent = { paddingInlineStart: level * 14 + 12 };
  if (error) {
    return (
      <p className={css.note} style={indent}>
        {t('tree.failed')}
      </p>
    );
  }
  if (!data) return null;
  const hidden = data.foldersTotal - data.folders.length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of a tree
    <ul role="group" className={css.group}>
      {data.folders.map((folder) => (
        <TreeNode
          key={folder.id}
          place={{ space: place.space, folderId: folder.id }}
          name={folder.name}
          level={level}
        />
      ))}
      {hidden > 0 && (
        <li role="none" className={css.note} style={indent}>
          {t('tree.more', { count: hidden })}
        </li>
      )}
    </ul>
  );
}
