import type { CSSProperties, ReactNode } from 'react';

/** One column of a list. The first one takes the room that the others leave. */
export interface Column<T> {
  id: string;
  title: string;
  cell: (item: T) => ReactNode;
  /** Pixels; none for the first. */
  width?: number;
  /** How wide a list has to be to show it. */
  from?: 'narrow' | 'medium' | 'wide';
  sort?: { direction: 'asc' | 'desc' | undefined; toggle: () => void };
}

/** How a list shows its items. */
export interface Look<T> {
  columns: Column<T>[];
  tile: (item: T) => ReactNode;
  /** What a row is called where its parts are named: "Select a.txt". */
  nameOf: (item: T) => string;
  /** Whether rows have a menu. */
  hasMenu: boolean;
  /** Whether it waits to be moved, and looks like it. */
  isFaded?: (item: T) => boolean;
  /** The folder that things can be dropped on; `undefined` is none. */
  folderOf?: (item: T) => number | undefined;
}

export const cellStyle = (column: { width?: number }): CSSProperties =>
  column.width === undefined ? { flex: '1 1 0', minWidth: 0 } : { flex: `0 0 ${column.width}px` };
