import type { ReactNode } from 'react';

import type { Space } from '@/api/spaces';
import css from './Drive.module.css';
import { takeHandlers } from './dnd';
import { useChanges } from './useChanges';

/** What is dropped here goes into the trash. */
export function TrashDrop({ space, children }: { space: Space; children: ReactNode }) {
  const changes = useChanges(space);
  return (
    // For the mouse; the keyboard has the Delete key.
    <div className={css.trashDrop} {...takeHandlers(space, (dragged) => void changes.trash(dragged.items))}>
      {children}
    </div>
  );
}
