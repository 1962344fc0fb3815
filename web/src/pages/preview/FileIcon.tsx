import {
  IconFile,
  IconFileSpreadsheet,
  IconFileText,
  IconFileTypePdf,
  IconFileZip,
  IconMovie,
  IconMusic,
  IconPhoto,
} from '@tabler/icons-react';

import { type PreviewFile, viewerOf } from './kinds';

const ICONS = {
  image: IconPhoto,
  pdf: IconFileTypePdf,
  video: IconMovie,
  audio: IconMusic,
  markdown: IconFileText,
  csv: IconFileSpreadsheet,
  zip: IconFileZip,
  text: IconFileText,
  none: IconFile,
} as const;

/** What kind of file it is; the name beside it says the same. */
export function FileIcon({ file, size }: { file: Pick<PreviewFile, 'name' | 'mime_type'>; size: number }) {
  const Icon = ICONS[viewerOf(file)];
  return <Icon size={size} stroke={1.6} aria-hidden style={{ flexShrink: 0 }} />;
}
