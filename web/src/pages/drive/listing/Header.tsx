// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's
// biome-ignore-all lint/a11y/useFocusableInteractive: the frame has the focus and names the row that is meant

import { VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { type Column, cellStyle, type Look } from './columns';
import css from './Listing.module.css';
import type { ListingModel } from './useListing';

const SORTED = { asc: 'ascending', desc: 'descending' } as const;

interface Props<T> {
  look: Look<T>;
  model: ListingModel<T>;
  onAll: () => void;
}

/** Names of the columns; those that can be sorted by are buttons. */
export function Header<T>({ look, model, onAll }: Props<T>) {
  const { t } = useTranslation('drive');
  return (
    <div role="row" aria-rowindex={1} className={css.header}>
      <div role="columnheader" className={css.check} aria-label={t('listing.selection')}>
        <All model={model} onAll={onAll} />
      </div>
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
      {look.hasMenu && (
        <div role="columnheader" className={css.more}>
          <VisuallyHidden>{t('listing.actions')}</VisuallyHidden>
        </div>
      )}
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

/** Chooses everything, or nothing. */
function All<T>({ model, onAll }: Omit<Props<T>, 'look'>) {
  const { t } = useTranslation('drive');
  const { keys, rows } = model;
  const all = keys.size > 0 && keys.size >= rows.total;
  return (
    <input
      ref={(box) => {
        if (box) box.indeterminate = keys.size > 0 && !all;
      }}
      type="checkbox"
      className={css.box}
      aria-label={t('listing.all')}
      checked={all}
      onChange={() => (keys.size > 0 ? model.none() : onAll())}
    />
  );
}
