import type { PreviewFile } from './kinds';

/** Where a viewer gets its files from: a drive, or a share. */
export interface PreviewSource {
  /** The content, for a page to show. */
  url: (file: PreviewFile) => string;
  /** The content, to keep. */
  downloadUrl: (file: PreviewFile) => string;
  /** Replaces the content where that is allowed; gives what to look for as the new version. */
  save?: (file: PreviewFile, text: string, etag: string | null) => Promise<void>;
}

export interface ViewerProps {
  file: PreviewFile;
  source: PreviewSource;
}
