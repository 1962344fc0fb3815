// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's
// biome-ignore-all lint/a11y/useFocusableInteractive: the frame has the focus and names the row that is meant

import { Skeleton } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { cellStyle, type Look } from './columns';
import css from './Listing.module.css';
import type { ListingModel } from './useListing';

interface Props<T> {
  id: string;
  model: ListingModel<T>;
  look: Look<T>;
  top: number;
}

/** What the events of the frame find at a row, and how it looks. */
function marks<T>(id: string, model: ListingModel<T>, look: Look<T>, item: T, index: number) {
  return {
    id: `${id}-${index}`,
    'data-index': index,
    'data-focus': index === model.focus || undefined,
    'data-faded': look.isFaded?.(item) || undefined,
    'data-folder': look.folderOf?.(item),
    'aria-selected': model.keys.has(model.keyOf(item)),
    draggable: true,
  };
}

export function ListRow<T>({ id, model, look, index, top }: Props<T> & { index: number }) {
  const item = model.rows.at(index);
  const place = { transform: `translateY(${top}px)` };
  if (item === undefined) return <Gap index={index} style={place} />;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={css.row}
      style={place}
      {...marks(id, model, look, item, index)}
    >
      <div role="gridcell" className={css.check}>
        <Check model={model} look={look} item={item} />
      </div>
      {look.columns.map((column) => (
        <div key={column.id} role="gridcell" className={css.cell} style={cellStyle(column)} data-from={column.from}>
          {column.cell(item)}
        </div>
      ))}
      {look.hasMenu && (
        <div role="gridcell" className={css.more}>
          <More look={look} item={item} />
        </div>
      )}
    </div>
  );
}

function Gap({ index, style }: { index: number; style: React.CSSProperties }) {
  const { t } = useTranslation();
  return (
    <div role="row" aria-rowindex={index + 2} className={css.row} style={style} aria-busy>
      <div role="gridcell" className={css.cell} style={{ flex: 1 }} aria-label={t('state.loading')}>
        <Skeleton height={20} radius="sm" mx="md" />
      </div>
    </div>
  );
}

export function TileRow<T>({ id, model, look, columns, line, top }: Props<T> & { columns: number; line: number }) {
  const from = line * columns;
  const count = Math.min(columns, model.rows.total - from);
  return (
    <div role="row" aria-rowindex={line + 1} className={css.tiles} style={{ transform: `translateY(${top}px)` }}>
      {Array.from({ length: count }, (_, step) => from + step).map((index) => {
        const item = model.rows.at(index);
        if (item === undefined) return <GapTile key={index} />;
        return (
          <div role="gridcell" key={model.keyOf(item)} className={css.tile} {...marks(id, model, look, item, index)}>
            <Check model={model} look={look} item={item} />
            {look.tile(item)}
            {look.hasMenu && <More look={look} item={item} />}
          </div>
        );
      })}
    </div>
  );
}

function GapTile() {
  const { t } = useTranslation();
  return (
    <div role="gridcell" className={css.tile} aria-busy aria-label={t('state.loading')}>
      <Skeleton height="100%" radius="md" />
    </div>
  );
}

interface PartProps<T> {
  look: Look<T>;
  item: T;
}

/** For the mouse and for fingers; the keyboard has the space bar. */
function Check<T>({ model, look, item }: PartProps<T> & { model: ListingModel<T> }) {
  const { t } = useTranslation('drive');
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      data-act="select"
      className={css.box}
      aria-label={t('listing.select', { name: look.nameOf(item) })}
      checked={model.keys.has(model.keyOf(item))}
      readOnly
    />
  );
}

function More<T>({ look, item }: PartProps<T>) {
  const { t } = useTranslation('drive');
  return (
    <button
      type="button"
      tabIndex={-1}
      data-act="menu"
      className={css.menu}
      aria-label={t('listing.menu', { name: look.nameOf(item) })}
    >
      <IconDots size={18} aria-hidden />
    </button>
  );
}
