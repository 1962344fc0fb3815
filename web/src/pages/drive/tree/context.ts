import { createContext, use } from 'react';

import type { Place } from '@/api/spaces';

export interface TreeState {
  currentKey: string | undefined;
  /** The node that Tab reaches. */
  activeKey: string | undefined;
  isOpen: (key: string) => boolean;
  setOpen: (key: string, open: boolean) => void;
  setActive: (key: string) => void;
  onPick: (place: Place) => void;
  hrefOf: ((place: Place) => string) | undefined;
  isDisabled: ((place: Place) => boolean) | undefined;
}

export const TreeContext = createContext<TreeState | undefined>(undefined);

export function useTreeState(): TreeState {
  const state = use(TreeContext);
  if (!state) throw new Error('a node stands in a tree');
  return state;
}
