import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';

import type { Rows } from './rows';

const ROW_HEIGHT = 52;
const TILE_HEIGHT = 208;
const TILE_WIDTH = 184;
const HEADER_HEIGHT = 40;

/** Which lines of a list are in sight, and where. A line of tiles has as many as fit beside each other. */
export function useLines<T>(view: 'list' | 'grid', rows: Rows<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize();
  const columns = view === 'grid' ? Math.max(2, Math.floor(width / TILE_WIDTH)) : 1;
  const header = view === 'grid' ? 0 : HEADER_HEIGHT;
  const height = view === 'grid' ? TILE_HEIGHT : ROW_HEIGHT;
  const virtual = useVirtualizer({
    count: Math.ceil(rows.total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    scrollMargin: header,
    scrollPaddingStart: header,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the measured heights are of the other view
  useEffect(() => virtual.measure(), [view]);
  const lines = virtual.getVirtualItems();
  const first = (lines[0]?.index ?? 0) * columns;
  const end = Math.min(((lines.at(-1)?.index ?? -1) + 1) * columns, rows.total);
  let hasGap = false;
  for (let index = first; index < end; index += 1) hasGap ||= rows.at(index) === undefined;
  /** Lines that are visible at once. */
  const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - header) / height) - 1);
  return { scroller, sized, virtual, columns, lines, header, page, hasGap };
}
