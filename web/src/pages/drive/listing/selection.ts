import type { Rows } from './rows';

/** A row, by its item as long as that is there, else by where it was. */
interface Spot {
  key: string | undefined;
  index: number;
}

/** What is chosen in a list. The keyboard acts from `focus`; a range goes from `anchor` to the row that is pointed at. */
export interface Selection {
  keys: ReadonlySet<string>;
  focus: Spot;
  anchor: Spot;
}

export type Pick =
  /** This row and no other. */
  | 'only'
  /** This row as well, or no longer. */
  | 'toggle'
  /** Everything from the anchor to this row. */
  | 'range'
  /** Goes there without choosing. */
  | 'focus';

const START: Spot = { key: undefined, index: 0 };
export const NOTHING: Selection = { keys: new Set(), focus: START, anchor: START };

type KeyOf<T> = (item: T) => string;

/** Where a spot is now; -1 in an empty list. */
export function locate<T>(spot: Spot, rows: Rows<T>): number {
  const found = spot.key === undefined ? -1 : rows.indexOf(spot.key);
  return found >= 0 ? found : Math.min(spot.index, rows.total - 1);
}

/** A row was pointed at, by mouse or keyboard. */
export function pick<T>(now: Selection, rows: Rows<T>, key: KeyOf<T>, index: number, how: Pick): Selection {
  const item = rows.at(index);
  const spot: Spot = { key: item === undefined ? undefined : key(item), index };
  if (how === 'focus') return { ...now, focus: spot };
  if (how === 'range') return { ...now, keys: between(rows, key, locate(now.anchor, rows), index), focus: spot };
  if (spot.key === undefined) return { ...now, focus: spot, anchor: spot };
  return { keys: how === 'only' ? new Set([spot.key]) : toggled(now.keys, spot.key), focus: spot, anchor: spot };
}

function toggled(keys: ReadonlySet<string>, key: string): Set<string> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** Only rows that are loaded: what is not known cannot be chosen. */
function between<T>(rows: Rows<T>, key: KeyOf<T>, from: number, to: number): Set<string> {
  const keys = new Set<string>();
  for (let index = Math.max(0, Math.min(from, to)); index <= Math.max(from, to); index += 1) {
    const item = rows.at(index);
    if (item !== undefined) keys.add(key(item));
  }
  return keys;
}

export function pickAll<T>(now: Selection, rows: Rows<T>, key: KeyOf<T>): Selection {
  return { ...now, keys: new Set(rows.loaded.map(key)) };
}

export const pickNone = (now: Selection): Selection => (now.keys.size === 0 ? now : { ...now, keys: new Set() });

/** Lets go of what is no longer in the list, so that nothing is done to something that nobody sees. */
export function prune<T>(now: Selection, rows: Rows<T>): Selection {
  const kept = [...now.keys].filter((key) => rows.indexOf(key) >= 0);
  return kept.length === now.keys.size ? now : { ...now, keys: new Set(kept) };
}

/** The chosen items in the order of the list. */
export function chosen<T>(now: Selection, rows: Rows<T>): T[] {
  const places = [...now.keys].map((key) => rows.indexOf(key)).filter((index) => index >= 0);
  places.sort((one, other) => one - other);
  return places.map((index) => rows.at(index)).filter((item) => item !== undefined) as T[];
}
