import { useTranslation } from 'react-i18next';

import type { Place } from '@/api/spaces';
import { tellFailed, useTellFailure } from '@/components/notify';

import { MOST_DROPPED, TooManyFiles } from './desktopDrop';
import type { DropActions } from './dnd';
import { useDriveExtensions } from './extensions';
import type { Changes } from './useChanges';

/** What dropping does in a space. */
export function useDrop(changes: Changes): DropActions {
  const { t } = useTranslation('drive');
  const { startUpload } = useDriveExtensions();
  const tell = useTellFailure();
  return {
    move: (dragged, to: Place) => void changes.move(dragged.items, to.folderId, dragged.from),
    copy: (dragged, to: Place) => void changes.copy(dragged.items, to.folderId),
    upload: startUpload,
    failed: (error) => {
      if (error instanceof TooManyFiles) tellFailed(t('drop.tooMany'), t('drop.tooManyText', { count: MOST_DROPPED }));
      else tell(error);
    },
  };
}
