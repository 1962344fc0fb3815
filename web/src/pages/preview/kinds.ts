/** Which viewer shows a file. Pure. */

/** What a viewer has to know of a file. */
export interface PreviewFile {
  id: number;
  name: string;
  size: number;
  mime_type: string;
  updated_at: string;
}

export type Viewer = 'image' | 'pdf' | 'video' | 'audio' | 'markdown' | 'csv' | 'zip' | 'text' | 'none';

const IMAGES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'bmp', 'svg', 'ico']);
const VIDEOS = new Set(['mp4', 'm4v', 'webm', 'ogv', 'mov', 'mkv']);
const AUDIOS = new Set(['mp3', 'm4a', 'aac', 'ogg', 'oga', 'opus', 'flac', 'wav']);
const ZIPS = new Set(['zip', 'jar', 'epub', 'cbz', 'apk', 'docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp']);
const TABLES = new Set(['csv', 'tsv']);
const MARKDOWN = new Set(['md', 'markdown']);
const TEXTS = new Set(
  (
    'txt text log ini cfg conf toml yaml yml json jsonc ndjson xml html htm css scss less js mjs cjs jsx ts tsx mts cts ' +
    'vue svelte py rb rs go java kt kts c h cc cpp hpp cs swift php pl lua r sh bash zsh fish ps1 bat cmd sql graphql ' +
    'proto dockerfile makefile mk cmake gradle properties env gitignore editorconfig diff patch tex bib rst adoc srt vtt'
  ).split(' '),
);
/** Files that are known by their whole name. */
const NAMES = new Set(['dockerfile', 'makefile', 'license', 'readme', 'changelog', 'authors', 'copying']);

export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** Goes by the name first: it is what people see, and what the server goes by as well. */
export function viewerOf({ name, mime_type }: Pick<PreviewFile, 'name' | 'mime_type'>): Viewer {
  const extension = extensionOf(name);
  if (extension === 'pdf') return 'pdf';
  if (IMAGES.has(extension)) return 'image';
  if (VIDEOS.has(extension)) return 'video';
  if (AUDIOS.has(extension)) return 'audio';
  if (MARKDOWN.has(extension)) return 'markdown';
  if (TABLES.has(extension)) return 'csv';
  if (TEXTS.has(extension) || NAMES.has(name.toLowerCase())) return 'text';
  if (ZIPS.has(extension)) return 'zip';
  return viewerOfType(mime_type);
}

function viewerOfType(mime: string): Viewer {
  if (mime === 'application/pdf') return 'pdf';
  if (mime === 'application/zip') return 'zip';
  if (['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'].includes(mime)) return 'image';
  if (mime.startsWith('video/')) return 'video';
  if (mime.startsWith('audio/')) return 'audio';
  if (mime.startsWith('text/') || mime === 'application/json' || mime === 'application/xml') return 'text';
  return 'none';
}

/** Whether it can be edited as text here. */
export const isEditable = (viewer: Viewer): boolean => viewer === 'text' || viewer === 'markdown' || viewer === 'csv';
