import type { UploadEntry } from './extensions';

/** Most files that one drop takes; more are refused as a whole rather than cut off silently. */
export const MOST_DROPPED = 10_000;

/** Whether something is dragged in from outside of the page. */
export const bringsFiles = (transfer: Pick<DataTransfer, 'types'>): boolean => transfer.types.includes('Files');

/**
 * Reads what was dropped from the desktop, folders with everything below them. Must be called within the drop event:
 * the browser empties the transfer when the event is over.
 */
export async function readDrop(transfer: DataTransfer): Promise<UploadEntry[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const handles = [...transfer.items].map((item) => item.getAsFileSystemHandle?.().catch(() => null));
  const plain = [...transfer.files];
  const found: UploadEntry[] = [];
  if (entries.every((entry) => entry === null)) return plain.map((file) => ({ file, path: file.name }));
  for (const [at, entry] of entries.entries()) if (entry) await walk(entry, '', found, await handles[at]);
  return found;
}

type Handle = FileSystemHandle | null | undefined;

async function walk(entry: FileSystemEntry, above: string, found: UploadEntry[], handle: Handle): Promise<void> {
  const path = above + entry.name;
  if (entry.isFile) {
    if (found.length >= MOST_DROPPED) throw new TooManyFiles();
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, path, ...(handle?.kind === 'file' && { handle: handle as FileSystemFileHandle }) });
    return;
  }
  for (const child of await childrenOf(entry as FileSystemDirectoryEntry)) {
    await walk(child, `${path}/`, found, await below(handle, child));
  }
}

/** The handle of what lies in a folder with one; none is no failure. */
async function below(handle: Handle, { name, isFile }: FileSystemEntry): Promise<Handle> {
  if (handle?.kind !== 'directory') return null;
  const folder = handle as FileSystemDirectoryHandle;
  return (isFile ? folder.getFileHandle(name) : folder.getDirectoryHandle(name)).catch(() => null);
}

/** The browser gives the entries of a directory in portions. */
async function childrenOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return children;
    children.push(...portion);
  }
}

export class TooManyFiles extends Error {
  constructor() {
    super(`more than ${MOST_DROPPED} files were dropped`);
    this.name = 'TooManyFiles';
  }
}

/** What a file input gave; `webkitRelativePath` is set when a folder was chosen. */
export const chosenFiles = (list: FileList): UploadEntry[] =>
  [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

declare global {
  interface DataTransferItem {
    getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
  }
}
