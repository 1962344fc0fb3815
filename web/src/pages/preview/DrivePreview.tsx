import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

import { replaceContent } from '@/api/content';
import { contentUrl } from '@/api/files';
import { changedKeys } from '@/api/spaces';
import { announce } from '@/api/tabs';
import type { PreviewRequest } from '@/pages/drive/extensions';

import { PreviewWindow } from './PreviewWindow';
import type { PreviewSource } from './source';

/** The viewer for files of the drive. */
export function DrivePreview({ request, onClose }: { request: PreviewRequest; onClose: () => void }) {
  const { space, item, siblings } = request;
  const client = useQueryClient();
  const source = useMemo<PreviewSource>(
    () => ({
      url: (file) => contentUrl(space, file.id, true),
      downloadUrl: (file) => contentUrl(space, file.id),
      save: async (file, text, etag) => {
        await replaceContent(space, file.id, text, etag);
        const keys = changedKeys(space);
        announce({ kind: 'changed', keys });
        for (const queryKey of keys) void client.invalidateQueries({ queryKey });
      },
    }),
    [space, client],
  );
  const at = siblings.findIndex((file) => file.id === item.id);
  const files = at < 0 ? [item] : siblings;
  return <PreviewWindow key={item.id} files={files} first={Math.max(0, at)} source={source} onClose={onClose} />;
}
