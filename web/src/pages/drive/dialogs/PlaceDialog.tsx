import { Box, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconHome } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';

import { mayMove } from '../dnd';
import { FolderTree } from '../tree/FolderTree';
import type { Acts } from '../useActs';
import { useSpaceName } from '../useSpaceName';

interface Props {
  acts: Acts;
  what: 'move' | 'copy';
  items: DriveItem[];
  onClose: () => void;
}

/** Asks for the folder that items go to. */
export function PlaceDialog({ acts, what, items, onClose }: Props) {
  const { t } = useTranslation(['drive', 'common']);
  const { space, folderId } = acts;
  const root = useSpaceName(space);
  const [target, setTarget] = useState<number | null>(folderId ?? null);
  const count = items.length;
  const name = items[0]?.name ?? '';
  const taken = { space, items, from: folderId };
  const allowed = mayMove(taken, { space, folderId: target }, what === 'copy');
  const act = () => {
    onClose();
    void (what === 'move' ? acts.changes.move(items, target, folderId) : acts.changes.copy(items, target));
  };
  return (
    <Modal opened onClose={onClose} title={t(`place.${what}`, { count, name })} size="md">
      <Stack>
        <Text size="sm" c="dimmed">
          {t('place.choose')}
        </Text>
        <Box mah="min(50dvh, 420px)" style={{ overflow: 'auto' }}>
          <FolderTree
            label={t('place.folders')}
            roots={[{ place: { space, folderId: null }, name: root, icon: <IconHome size={18} aria-hidden /> }]}
            current={{ space, folderId: target }}
            openFirst
            onPick={(place) => setTarget(place.folderId)}
            isDisabled={(place) => items.some((item) => item.kind === 'folder' && item.id === place.folderId)}
          />
        </Box>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button onClick={act} disabled={!allowed}>
            {t(`place.${what}Here`)}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
