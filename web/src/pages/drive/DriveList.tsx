import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';

import { startDrag } from './dnd';
import { ItemMenu } from './ItemMenu';
import type { Column } from './listing/columns';
import { Listing } from './listing/Listing';
import type { ListingModel } from './listing/useListing';
import type { Point } from './listing/useListingEvents';
import { type Acts, obey } from './useActs';
import { useLook } from './useLook';
import type { ViewState } from './useView';

interface Props {
  label: string;
  acts: Acts;
  model: ListingModel<DriveItem>;
  view: ViewState;
  /** Whether the columns can be sorted by. */
  isSorted: boolean;
  onGap: () => void;
  /** Where an item lies, in lists of many folders. */
  whereColumn?: Column<DriveItem>;
}

/** Files and folders as a list or as tiles, with everything that can be done with them. */
export function DriveList({ label, acts, model, view, isSorted, onGap, whereColumn }: Props) {
  const { t } = useTranslation('drive');
  const [menu, setMenu] = useState<Point>();
  const look = useLook(acts, isSorted ? view : undefined, whereColumn);
  const { space, folderId } = acts;
  return (
    <>
      <Listing
        label={label}
        view={view.view}
        model={model}
        look={look}
        onOpen={acts.open}
        onMenu={setMenu}
        onCommand={(command, items) => obey(acts, command, items)}
        onDragItem={(event, items) => {
          const [first] = items;
          const text = items.length === 1 && first ? first.name : t('selection.count', { count: items.length });
          startDrag(event, { space, items, from: folderId }, text);
        }}
        onGap={onGap}
      />
      <ItemMenu at={menu} onClose={() => setMenu(undefined)} acts={acts} items={model.chosen} />
    </>
  );
}
