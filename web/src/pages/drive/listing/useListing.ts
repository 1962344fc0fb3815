import { useCallback, useMemo, useState } from 'react';

import type { Rows } from './rows';
import { chosen, locate, NOTHING, type Pick, pick, pickAll, pickNone, prune } from './selection';

/** A list and what is chosen in it. */
export interface ListingModel<T> {
  rows: Rows<T>;
  keyOf: (item: T) => string;
  keys: ReadonlySet<string>;
  /** The row that the keyboard acts from; -1 in an empty list. */
  focus: number;
  chosen: T[];
  pick: (index: number, how: Pick) => void;
  all: () => void;
  none: () => void;
}

export function useListing<T>(rows: Rows<T>, keyOf: (item: T) => string): ListingModel<T> {
  const [state, setState] = useState(NOTHING);
  const selection = useMemo(() => prune(state, rows), [state, rows]);
  const items = useMemo(() => chosen(selection, rows), [selection, rows]);
  return {
    rows,
    keyOf,
    keys: selection.keys,
    focus: locate(selection.focus, rows),
    chosen: items,
    pick: useCallback(
      (index: number, how: Pick) => setState((now) => pick(prune(now, rows), rows, keyOf, index, how)),
      [rows, keyOf],
    ),
    all: useCallback(() => setState((now) => pickAll(now, rows, keyOf)), [rows, keyOf]),
    none: useCallback(() => setState(pickNone), []),
  };
}
