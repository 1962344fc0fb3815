import type { DragEvent } from 'react';

import type { DriveItem } from '@/api/files';
import { type Place, type Space, sameSpace } from '@/api/spaces';

import { bringsFiles, readDrop } from './desktopDrop';
import type { UploadEntry } from './extensions';

/** What is being dragged. The browser shows it to drop targets only when it is dropped, so it is kept here. */
export interface Dragged {
  space: Space;
  items: DriveItem[];
  /** The folder that they are in, if that is one. */
  from: number | null | undefined;
}

const TYPE = 'application/x-aster-drive';
let dragged: Dragged | undefined;

export function startDrag(event: DragEvent, what: Dragged, label: string): void {
  dragged = what;
  event.dataTransfer.effectAllowed = 'copyMove';
  event.dataTransfer.setData(TYPE, '');
  const image = document.createElement('div');
  image.className = 'drag-image';
  image.textContent = label;
  document.body.append(image);
  event.dataTransfer.setDragImage(image, -12, -8);
  // The browser has taken its picture when this event is over.
  setTimeout(() => image.remove());
  event.currentTarget.addEventListener('dragend', endDrag, { once: true });
}

function endDrag(): void {
  dragged = undefined;
  mark(undefined);
}

export interface DropActions {
  move: (dragged: Dragged, to: Place) => void;
  copy: (dragged: Dragged, to: Place) => void;
  /** Missing where nothing can be uploaded. */
  upload?: ((entries: UploadEntry[], to: Place) => void) | undefined;
  failed: (error: unknown) => void;
}

/** Something to drop on, and the folder it stands for. */
export interface Target {
  element: HTMLElement;
  place: Place;
}

/** Whether items may go there: not out of their space, not to where they are, not into themselves. */
export function mayMove({ space, items, from }: Dragged, to: Place, copies = false): boolean {
  if (!sameSpace(space, to.space)) return false;
  if (from === to.folderId && !copies) return false;
  return !items.some((item) => item.kind === 'folder' && item.id === to.folderId);
}

/** Handlers for a frame in which `find` tells what an event is above. */
export function dropHandlers(find: (event: DragEvent<HTMLElement>) => Target | undefined, actions: DropActions) {
  const takes = (event: DragEvent<HTMLElement>): Target | undefined => {
    const target = find(event);
    if (!target) return undefined;
    if (dragged) return mayMove(dragged, target.place, event.ctrlKey) ? target : undefined;
    return bringsFiles(event.dataTransfer) && actions.upload ? target : undefined;
  };
  return {
    onDragOver: (event: DragEvent<HTMLElement>) => {
      const target = takes(event);
      mark(target?.element);
      if (!target) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = !dragged || event.ctrlKey ? 'copy' : 'move';
    },
    onDragLeave: (event: DragEvent<HTMLElement>) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) mark(undefined);
    },
    onDrop: (event: DragEvent<HTMLElement>) => {
      const target = takes(event);
      mark(undefined);
      if (!target) return;
      event.preventDefault();
      event.stopPropagation();
      if (dragged) return (event.ctrlKey ? actions.copy : actions.move)(dragged, target.place);
      const upload = actions.upload;
      readDrop(event.dataTransfer).then((entries) => {
        if (entries.length > 0) upload?.(entries, target.place);
      }, actions.failed);
    },
  };
}

let marked: HTMLElement | undefined;

function mark(element: HTMLElement | undefined): void {
  if (marked === element) return;
  if (marked) delete marked.dataset.over;
  if (element) element.dataset.over = '';
  marked = element;
}

/** Handlers for something that takes items of a space, but is no folder. */
export function takeHandlers(space: Space, take: (dragged: Dragged) => void) {
  const takes = () => (dragged && sameSpace(dragged.space, space) ? dragged : undefined);
  return {
    onDragOver: (event: DragEvent<HTMLElement>) => {
      mark(takes() && event.currentTarget);
      if (takes()) event.preventDefault();
    },
    onDragLeave: (event: DragEvent<HTMLElement>) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) mark(undefined);
    },
    onDrop: (event: DragEvent<HTMLElement>) => {
      const what = takes();
      mark(undefined);
      if (!what) return;
      event.preventDefault();
      take(what);
    },
  };
}
