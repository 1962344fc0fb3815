import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import css from './Drive.module.css';
import { dropHandlers } from './dnd';
import type { Acts } from './useActs';
import { useDrop } from './useDrop';

interface Props {
  acts: Acts;
  /** Of the folder that is shown. */
  title: string;
  children: ReactNode;
}

/** Takes what is dropped: on a folder in it for that folder, elsewhere for the folder that is shown. */
export function DropZone({ acts, title, children }: Props) {
  const { t } = useTranslation('drive');
  const { space, folderId } = acts;
  const drop = useDrop(acts.changes);
  const handlers = dropHandlers((event) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-folder]');
    if (row) return { element: row, place: { space, folderId: Number(row.dataset.folder) } };
    return folderId === undefined ? undefined : { element: event.currentTarget, place: { space, folderId } };
  }, drop);
  return (
    <div className={css.zone} data-hint={t('drop.hint', { name: title })} {...handlers}>
      {children}
    </div>
  );
}
