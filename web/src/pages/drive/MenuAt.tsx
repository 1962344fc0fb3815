import { Menu } from '@mantine/core';
import type { ReactNode } from 'react';

import { focusListing } from './listing/focusListing';
import type { Point } from './listing/useListingEvents';

interface Props {
  at: Point | undefined;
  onClose: () => void;
  children: ReactNode;
}

/** A menu where somebody asked for it: below the pointer, or at the row that the keyboard is at. */
export function MenuAt({ at, onClose, children }: Props) {
  return (
    <Menu
      opened={at !== undefined}
      onClose={() => {
        onClose();
        // The entry may have moved the focus on: to a name that is edited now, or into a dialog.
        setTimeout(focusListing);
      }}
      position="bottom-start"
      width={232}
      offset={2}
      returnFocus={false}
      // Below the page it belongs to; nothing above it cuts it off.
      withinPortal={false}
      floatingStrategy="fixed"
    >
      <Menu.Target>
        <span
          aria-hidden
          style={{ position: 'fixed', left: at?.x ?? 0, top: at?.y ?? 0, width: 1, height: 1, pointerEvents: 'none' }}
        />
      </Menu.Target>
      <Menu.Dropdown>{at && children}</Menu.Dropdown>
    </Menu>
  );
}
