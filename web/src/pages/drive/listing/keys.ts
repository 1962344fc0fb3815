import type { Pick } from './selection';

/** What a key means in a list. */
export type Command =
  | { do: 'go'; to: number; how: Pick }
  | { do: 'find'; letter: string }
  | {
      do:
        | 'open'
        | 'toggle'
        | 'all'
        | 'none'
        | 'rename'
        | 'delete'
        | 'menu'
        | 'details'
        | 'cut'
        | 'copy'
        | 'paste'
        | 'up';
    };

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

interface Where {
  focus: number;
  total: number;
  /** Tiles beside each other; 1 in a list. */
  columns: number;
  /** Rows that are visible at once. */
  page: number;
}

const WITH_CONTROL: Record<string, Command> = {
  a: { do: 'all' },
  x: { do: 'cut' },
  c: { do: 'copy' },
  v: { do: 'paste' },
};

const PLAIN: Record<string, Command> = {
  ' ': { do: 'toggle' },
  Escape: { do: 'none' },
  F2: { do: 'rename' },
  Delete: { do: 'delete' },
  ContextMenu: { do: 'menu' },
};

/** The command of a key, if it has one here. */
export function commandOf(pressed: Pressed, where: Where): Command | undefined {
  const { key, shiftKey, altKey } = pressed;
  const control = pressed.ctrlKey || pressed.metaKey;
  if (key === 'Enter') return altKey ? { do: 'details' } : { do: 'open' };
  if (key === 'F10' && shiftKey) return { do: 'menu' };
  if (altKey) return key === 'ArrowUp' ? { do: 'up' } : undefined;
  const to = target(key, where);
  if (to !== undefined) return { do: 'go', to, how: shiftKey ? 'range' : control ? 'focus' : 'only' };
  // macOS has no Delete key on small keyboards.
  if (pressed.metaKey && key === 'Backspace') return { do: 'delete' };
  if (control) return shiftKey ? undefined : WITH_CONTROL[key.toLowerCase()];
  if (PLAIN[key]) return PLAIN[key];
  return isLetter(key) ? { do: 'find', letter: key } : undefined;
}

/** `/` opens the search. */
const isLetter = (key: string) => [...key].length === 1 && key !== '/';

function target(key: string, { focus, total, columns, page }: Where): number | undefined {
  const last = total - 1;
  if (last < 0) return undefined;
  const steps: Record<string, number> = {
    ArrowUp: -columns,
    ArrowDown: columns,
    ArrowLeft: columns > 1 ? -1 : 0,
    ArrowRight: columns > 1 ? 1 : 0,
    PageUp: -columns * page,
    PageDown: columns * page,
    Home: -total,
    End: total,
  };
  const step = steps[key];
  if (!step) return undefined;
  const to = focus + step;
  if (to >= 0 && to <= last) return to;
  // An arrow at the edge stays; a leap ends at the edge.
  if (!key.startsWith('Arrow')) return to < 0 ? 0 : last;
  // Below a full row of tiles there may be a shorter one.
  return key === 'ArrowDown' && Math.floor(last / columns) > Math.floor(focus / columns) ? last : focus;
}

/** The next item that begins with a letter, from behind `focus` on and around. */
export function findByLetter<T extends { name: string }>(items: readonly T[], focus: number, letter: string): number {
  const wanted = letter.toLowerCase();
  const matches = (index: number) => items[index]?.name.toLowerCase().startsWith(wanted) ?? false;
  for (let step = 1; step <= items.length; step += 1) {
    const index = (focus + step) % items.length;
    if (matches(index)) return index;
  }
  return -1;
}
