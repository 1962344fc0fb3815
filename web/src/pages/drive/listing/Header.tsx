// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's
// biome-ignore-all lint/a11y/useFocusableInteractive: the frame has the focus and names the row that is meant

import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';

import { type Column, cellStyle, type Look } from './columns';
import css from './Listing.module.css';

const SORTED = { asc: 'ascending', desc: 'descending' } as const;

/** Names of the columns; those that can be sorted by are buttons. */
export function Header<T>({ look }: { look: Look<T> }) {
  return (
    <div role="row" aria-rowindex={1} className={css.header}>
      <div role="columnheader" className={css.check} />
      {look.columns.map((column) => (
        <div
          key={column.id}
          role="columnheader"
          className={css.cell}
          style={cellStyle(column)}
          data-from={column.from}
          aria-sort={column.sort?.direction ? SORTED[column.sort.direction] : undefined}
        >
          <Title column={column} />
        </div>
      ))}
      {look.hasMenu && <div role="columnheader" className={css.more} />}
    </div>
  );
}

function Title<T>({ column: { title, sort } }: { column: Column<T> }) {
  if (!sort) return title;
  const Arrow = sort.direction === 'desc' ? IconArrowDown : IconArrowUp;
  return (
    <button type="button" className={css.sort} onClick={sort.toggle}>
      {title}
      {sort.direction && <Arrow size={14} aria-hidden />}
    </button>
  );
}
