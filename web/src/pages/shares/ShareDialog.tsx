import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';
import { shareOfQuery } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { Loaded } from '@/components/Loaded';
import type { ShareRequest } from '@/pages/drive/extensions';

import { ManyShares } from './ManyShares';
import { NewShare } from './NewShare';
import { ShareEditor } from './ShareEditor';

/** Shares what was chosen, or shows how it is shared. */
export function ShareDialog({ request: { space, items }, onClose }: { request: ShareRequest; onClose: () => void }) {
  const { t } = useTranslation('shares');
  const [only] = items;
  if (!only) return null;
  const one = items.length === 1;
  const title = one ? t('dialog.title', { name: only.name }) : t('dialog.titleMany', { count: items.length });
  return (
    <Modal opened onClose={onClose} title={title} size="lg">
      {one ? <OneShare space={space} item={only} onClose={onClose} /> : <ManyShares space={space} items={items} />}
    </Modal>
  );
}

function OneShare({ space, item, onClose }: { space: Space; item: DriveItem; onClose: () => void }) {
  const query = useQuery({ ...shareOfQuery(space, item), staleTime: 0 });
  return (
    <Loaded query={query} rows={5}>
      {(share) =>
        share ? (
          <ShareEditor key={share.updated_at} space={space} share={share} onGone={onClose} />
        ) : (
          <NewShare space={space} item={item} />
        )
      }
    </Loaded>
  );
}
