// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's

import { type CSSProperties, useEffect, useId } from 'react';

import type { Look } from './columns';
import { claimFocus } from './focusListing';
import { Header } from './Header';
import type { Command } from './keys';
import css from './Listing.module.css';
import { ListRow, Tile, TileLine } from './ListRow';
import { useLines } from './useLines';
import type { ListingModel } from './useListing';
import { type Point, useListingEvents } from './useListingEvents';

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
  const { scroller, sized, virtual, columns, lines, header, page, hasGap } = useLines(view, model.rows);
  useEffect(() => claimFocus(scroller.current), [scroller]);
  useEffect(() => {
    if (hasGap) onGap();
  }, [hasGap, onGap]);
  const show = (index: number) => virtual.scrollToIndex(Math.floor(index / columns));
  const events = useListingEvents(props, { columns, page, show });
  const rowAt = (index: number) => {
    const item = model.rows.at(index);
    const key = item === undefined ? undefined : model.keyOf(item);
    const isChosen = key !== undefined && model.keys.has(key);
    // By what it shows: what is being typed into a row goes along when the list is sorted anew.
    return { key: key ?? index, row: { id, look, item, index, isChosen, isFocused: index === model.focus } };
  };
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
        {lines.map(({ index: line, start }) => {
          if (view === 'grid') {
            const count = Math.min(columns, model.rows.total - line * columns);
            const tiles = Array.from({ length: count }, (_, step) => rowAt(line * columns + step));
            return (
              <TileLine key={line} line={line} top={start}>
                {tiles.map(({ key, row }) => (
                  <Tile key={key} {...row} />
                ))}
              </TileLine>
            );
          }
          const { key, row } = rowAt(line);
          return <ListRow key={key} {...row} top={start - header} />;
        })}
      </div>
    </div>
  );
}
