import { useSyncExternalStore } from 'react';

import type { DriveItem, FileItem } from '@/api/files';
import type { Place, Space } from '@/api/spaces';

/** A file to upload, and where it goes below the target: `Photos/2026/a.jpg`, or only its name. */
export interface UploadEntry {
  file: File;
  path: string;
  /** Where the browser gives one: with it the upload goes on after a reload without the file being chosen again. */
  handle?: FileSystemFileHandle | undefined;
}

export interface PreviewRequest {
  space: Space;
  item: FileItem;
  /** The files of the same list as far as they are loaded, in its order, with `item` among them. */
  siblings: FileItem[];
}

export interface ShareRequest {
  space: Space;
  items: DriveItem[];
}

/** What the drive offers only when somebody provides it; buttons and menu entries without a provider are not shown. */
export interface DriveExtensions {
  /** Shows a file. Without it a file is downloaded. */
  openPreview?: (request: PreviewRequest) => void;
  /** Asks how to share the items, and shares them. */
  openShare?: (request: ShareRequest) => void;
  /**
   * Uploads into a folder; called by the upload buttons and when something is dropped from the desktop. Whoever uploads
   * reads `changedKeys(target.space)` anew after each file.
   */
  startUpload?: (entries: UploadEntry[], target: Place) => void;
}

let provided: DriveExtensions = {};
const listeners = new Set<() => void>();

/** Provides something; to be called once when the provider is loaded, see `app/Companions.tsx`. */
export function extendDrive(more: DriveExtensions): void {
  provided = { ...provided, ...more };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDriveExtensions(): DriveExtensions {
  return useSyncExternalStore(subscribe, () => provided);
}
