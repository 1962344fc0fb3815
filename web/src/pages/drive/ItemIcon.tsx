import {
  IconFile,
  IconFileMusic,
  IconFileText,
  IconFileTypePdf,
  IconFileZip,
  IconFolder,
  IconMovie,
  IconPhoto,
} from '@tabler/icons-react';

import type { FileCategory } from '@/api/files';

import css from './Drive.module.css';

const ICONS: Record<FileCategory, typeof IconFile> = {
  image: IconPhoto,
  video: IconMovie,
  audio: IconFileMusic,
  document: IconFileText,
  archive: IconFileZip,
  other: IconFile,
};

interface Props {
  item: { kind: 'file' | 'folder'; file_category?: FileCategory; mime_type?: string };
  size?: number;
}

/** What kind of thing it is. The name beside it says the same. */
export function ItemIcon({ item, size = 24 }: Props) {
  const category = item.kind === 'folder' ? 'folder' : (item.file_category ?? categoryOf(item.mime_type ?? ''));
  const isPdf = item.mime_type === 'application/pdf';
  const Icon = category === 'folder' ? IconFolder : isPdf ? IconFileTypePdf : ICONS[category];
  return (
    <Icon
      size={size}
      stroke={size > 40 ? 1.1 : 1.5}
      className={css.icon}
      data-category={isPdf ? 'pdf' : category}
      aria-hidden
    />
  );
}

/** In the trash only the type of a file is known. */
function categoryOf(mimeType: string): FileCategory {
  const [family = ''] = mimeType.split('/');
  if (family === 'image' || family === 'video' || family === 'audio') return family;
  return family === 'text' ? 'document' : 'other';
}
