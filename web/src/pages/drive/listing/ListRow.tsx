// biome-ignore-all lint/a11y/useSemanticElements: rows that come and go as somebody scrolls are no table of the browser's
// biome-ignore-all lint/a11y/useFocusableInteractive: the frame has the focus and names the row that is meant

import { Skeleton } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { cellStyle, type Look } from './columns';
import css from './Listing.module.css';

interface RowProps<T> {
  id: string;
  look: Look<T>;
  /** `undefined` while it is not loaded. */
  item: T | undefined;
  index: number;
  isChosen: boolean;
  isFocused: boolean;
}

/** What the events of the frame find at a row, and how it looks. */
function marks<T>({ id, look, index, isChosen, isFocused }: RowProps<T>, item: T) {
  return {
    id: `${id}-${index}`,
    'data-index': index,
    'data-focus': isFocused || undefined,
    'data-faded': look.isFaded?.(item) || undefined,
    'data-folder': look.folderOf?.(item),
    'aria-selected': isChosen,
    draggable: true,
  };
}

function RowOnce<T>(props: RowProps<T> & { top: number }) {
  const { look, item, index, top } = props;
  const place = { transform: `translateY(${top}px)` };
  if (item === undefined) return <Gap index={index} style={place} />;
  return (
    <div role="row" aria-rowindex={index + 2} className={css.row} style={place} {...marks(props, item)}>
      <div role="gridcell" className={css.check}>
        <Check look={look} item={item} isChosen={props.isChosen} />
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

/** A row is drawn anew only when something about itself has changed, not with every key that is pressed. */
export const ListRow = memo(RowOnce) as typeof RowOnce;

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

interface LineProps {
  line: number;
  top: number;
  children: ReactNode;
}

/** A line of tiles. */
export function TileLine({ line, top, children }: LineProps) {
  return (
    <div role="row" aria-rowindex={line + 1} className={css.tiles} style={{ transform: `translateY(${top}px)` }}>
      {children}
    </div>
  );
}

function TileOnce<T>(props: RowProps<T>) {
  const { look, item } = props;
  if (item === undefined) return <GapTile />;
  return (
    <div role="gridcell" className={css.tile} {...marks(props, item)}>
      <Check look={look} item={item} isChosen={props.isChosen} />
      {look.tile(item)}
      {look.hasMenu && <More look={look} item={item} />}
    </div>
  );
}

export const Tile = memo(TileOnce) as typeof TileOnce;

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
function Check<T>({ look, item, isChosen }: PartProps<T> & { isChosen: boolean }) {
  const { t } = useTranslation('drive');
  return (
    <input
      type="checkbox"
      tabIndex={-1}
      data-act="select"
      className={css.box}
      aria-label={t('listing.select', { name: look.nameOf(item) })}
      checked={isChosen}
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
