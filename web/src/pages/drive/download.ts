import { batch, contentUrl, type DriveItem, files } from '@/api/files';
import type { Space } from '@/api/spaces';

/** One file as it is; folders and several items as a ZIP. */
export async function download(space: Space, items: DriveItem[], archiveName: string): Promise<void> {
  const [first] = items;
  if (!first) return;
  if (items.length === 1 && first.kind === 'file') {
    // The browser fetches it without us: this renews a login that has ended, and says when the file is gone.
    await files.read(space, first.id);
    return save(contentUrl(space, first.id));
  }
  const name = items.length === 1 ? first.name : archiveName;
  const { path } = await batch.archive(space, items, name);
  save(path);
}

function save(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
