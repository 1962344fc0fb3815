import type { ShareView } from '@/api/shares';

/** `undefined` is without limit. */
export const downloadsLeft = ({ max_downloads, download_count }: ShareView): number | undefined =>
  max_downloads > 0 ? Math.max(0, max_downloads - download_count) : undefined;

export const folderKey = (token: string, folderId: number | undefined) => ['visit', token, 'folder', folderId ?? 0];
