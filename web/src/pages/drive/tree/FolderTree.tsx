import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useMemo, useState } from 'react';

import { ancestorsQuery } from '@/api/folders';
import { type Place, spaceName } from '@/api/spaces';
import { TreeContext, type TreeState } from './context';
import css from './FolderTree.module.css';
import { TreeNode } from './TreeNode';

export interface TreeRoot {
  place: Place;
  name: string;
  icon: ReactNode;
}

interface Props {
  label: string;
  roots: TreeRoot[];
  /** Which one is shown or chosen. */
  current: Place | undefined;
  onPick: (place: Place) => void;
  /** Where a node leads as a link; without it, nodes are only chosen. */
  hrefOf?: (place: Place) => string;
  isDisabled?: (place: Place) => boolean;
  /** The first root is open from the start. */
  openFirst?: boolean;
}

export const placeKey = ({ space, folderId }: Place): string => `${spaceName(space)}/${folderId ?? ''}`;

/** Folders as a tree; the folders of a folder are read when it is opened. */
export function FolderTree({ label, roots, current, onPick, hrefOf, isDisabled, openFirst = false }: Props) {
  const first = roots[0]?.place;
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(
    () => new Map(openFirst && first ? [[placeKey(first), true]] : []),
  );
  const [active, setActive] = useState<string>();
  const above = useAbove(current);
  const currentKey = current && placeKey(current);
  const known = active ?? currentKey ?? (first && placeKey(first));
  const state: TreeState = {
    currentKey,
    // One node of the tree is reached by Tab; where its root is not among ours, the first.
    activeKey: roots.some(({ place }) => known?.startsWith(`${spaceName(place.space)}/`))
      ? known
      : first && placeKey(first),
    // The way to the current folder is open unless somebody closed it.
    isOpen: (key) => opened.get(key) ?? above.has(key),
    setOpen: (key, open) => setOpened((now) => new Map(now).set(key, open)),
    setActive,
    onPick,
    hrefOf,
    isDisabled,
  };
  return (
    <TreeContext value={state}>
      {/* biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a list is what a tree is made of */}
      <ul role="tree" aria-label={label} className={css.tree} onKeyDown={(event) => pressed(event, state)}>
        {roots.map(({ place, name, icon }) => (
          <TreeNode key={placeKey(place)} place={place} name={name} icon={icon} level={1} />
        ))}
      </ul>
    </TreeContext>
  );
}

/** The folders above the current one. */
function useAbove(current: Place | undefined): ReadonlySet<string> {
  const { space = { kind: 'personal' as const }, folderId = null } = current ?? {};
  const chain = useQuery({ ...ancestorsQuery(space, folderId ?? 0), enabled: folderId !== null }).data;
  return useMemo(() => {
    if (folderId === null || !chain) return new Set();
    const parents = [null, ...chain.slice(0, -1).map(({ id }) => id)];
    return new Set(parents.map((id) => placeKey({ space, folderId: id })));
  }, [chain, folderId, space]);
}

/** The keys of a tree (ARIA Authoring Practices): up and down through what is open, left and right along it. */
function pressed(event: KeyboardEvent<HTMLElement>, state: TreeState): void {
  const node = (event.target as HTMLElement).closest<HTMLElement>('[role=treeitem]');
  if (!node || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=treeitem]')];
  const index = all.indexOf(node);
  const { key = '' } = node.dataset;
  const open = node.getAttribute('aria-expanded') === 'true';
  const first = node.parentElement?.querySelector<HTMLElement>('[role=group] [role=treeitem]');
  const above = node.parentElement?.parentElement?.closest('li')?.querySelector<HTMLElement>('[role=treeitem]');
  const moves: Record<string, () => HTMLElement | undefined | null> = {
    ArrowDown: () => all[index + 1],
    ArrowUp: () => all[index - 1],
    Home: () => all[0],
    End: () => all.at(-1),
    ArrowRight: () => (open ? first : void state.setOpen(key, true)),
    ArrowLeft: () => (open ? void state.setOpen(key, false) : above),
    Enter: () => void node.querySelector<HTMLElement>('[data-pick]')?.click(),
    ' ': () => void node.querySelector<HTMLElement>('[data-pick]')?.click(),
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  move()?.focus();
}
