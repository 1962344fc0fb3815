// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's

import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, useEffect, useId, useRef } from 'react';

import type { Look } from './columns';
import { claimFocus } from './focusListing';
import { Header } from './Header';
import type { Command } from './keys';
import css from './Listing.module.css';
import { ListRow, TileRow } from './ListRow';
import type { ListingModel } from './useListing';
import { type Point, useListingEvents } from './useListingEvents';

const ROW_HEIGHT = 52;
const TILE_HEIGHT = 208;
const TILE_WIDTH = 184;
const HEADER_HEIGHT = 40;

export interface ListingProps<T> {
  label: string;
  view: 'list' | 'grid';
  model: ListingModel<T>;
  look: Look<T>;
  onOpen: (item: T) => void;
  onMenu: (at: Point) => void;
  /** `items` are those that it is about. */
  onCommand: (command: Command, items: T[]) => void;
  onDragItem?: ((event: React.DragEvent, items: T[]) => void) | undefined;
  /** A row that is not loaded is in sight. */
  onGap: () => void;
}

/**
 * A list or grid of any length: only what is in sight is in the page. The frame has the focus and says which row is
 * meant (`aria-activedescendant`), so that a row may come and go while the keyboard stays.
 */
export function Listing<T>(props: ListingProps<T>) {
  const { label, view, model, look, onGap } = props;
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize();
  const columns = view === 'grid' ? Math.max(2, Math.floor(width / TILE_WIDTH)) : 1;
  const header = view === 'grid' ? 0 : HEADER_HEIGHT;
  const height = view === 'grid' ? TILE_HEIGHT : ROW_HEIGHT;
  useEffect(() => claimFocus(scroller.current), []);
  const virtual = useVirtualizer({
    count: Math.ceil(model.rows.total / columns),
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
  const end = Math.min(((lines.at(-1)?.index ?? -1) + 1) * columns, model.rows.total);
  const hasGap = Array.from({ length: end - first }, (_, step) => first + step).some((at) => !model.rows.at(at));
  useEffect(() => {
    if (hasGap) onGap();
  }, [hasGap, onGap]);
  const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - header) / height) - 1);
  const show = (index: number) => virtual.scrollToIndex(Math.floor(index / columns));
  const events = useListingEvents(props, { columns, page, show });
  // By what it shows: what is being typed into a row goes along when the list is sorted anew.
  const keyAt = (index: number) => {
    const item = model.rows.at(index);
    return item === undefined ? index : model.keyOf(item);
  };
  const rowProps = { id, model, look, columns };
  return (
    <div
      ref={scroller}
      className={css.scroller}
      role="grid"
      aria-label={label}
      aria-multiselectable
      aria-rowcount={view === 'list' ? model.rows.total + 1 : Math.ceil(model.rows.total / columns)}
      aria-activedescendant={model.focus >= 0 ? `${id}-${model.focus}` : undefined}
      tabIndex={0}
      data-view={view}
      {...events}
    >
      {view === 'list' && <Header look={look} model={model} onAll={() => props.onCommand({ do: 'all' }, [])} />}
      <div
        ref={sized}
        role="rowgroup"
        className={css.rows}
        style={{ height: virtual.getTotalSize(), '--columns': columns } as CSSProperties}
      >
        {lines.map(({ index, start }) =>
          view === 'list' ? (
            <ListRow key={keyAt(index)} {...rowProps} index={index} top={start - header} />
          ) : (
            <TileRow key={index} {...rowProps} line={index} top={start} />
          ),
        )}
      </div>
    </div>
  );
}
