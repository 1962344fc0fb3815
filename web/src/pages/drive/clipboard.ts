import { useSyncExternalStore } from 'react';

import type { Dragged } from './dnd';

/** What somebody wants to put elsewhere; kept while they look for the place. */
export interface Clipboard extends Dragged {
  mode: 'cut' | 'copy';
}

let held: Clipboard | undefined;
const listeners = new Set<() => void>();

export function hold(next: Clipboard | undefined): void {
  held = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useClipboard = (): Clipboard | undefined => useSyncExternalStore(subscribe, () => held);
