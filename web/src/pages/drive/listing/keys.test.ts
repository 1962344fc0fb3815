import { describe, expect, it } from 'vitest';

import { commandOf, findByLetter } from './keys';

const where = { focus: 5, total: 100, columns: 1, page: 10 };

/** `Ctrl+Shift+a` and the like. */
function press(text: string, at = where) {
  const parts = text.split('+');
  const key = parts.pop() ?? '';
  const has = (name: string) => parts.includes(name);
  const modifiers = { ctrlKey: has('Ctrl'), metaKey: has('Meta'), shiftKey: has('Shift'), altKey: has('Alt') };
  return commandOf({ key, ...modifiers }, at);
}

describe('in a list', () => {
  it.each([
    ['ArrowDown', 6, 'only'],
    ['ArrowUp', 4, 'only'],
    ['Shift+ArrowDown', 6, 'range'],
    ['Ctrl+ArrowDown', 6, 'focus'],
    ['PageDown', 15, 'only'],
    ['Home', 0, 'only'],
    ['Shift+End', 99, 'range'],
  ])('%s goes to %i', (keys, to, how) => {
    expect(press(keys)).toEqual({ do: 'go', to, how });
  });

  it.each([
    ['Enter', 'open'],
    ['Alt+Enter', 'details'],
    [' ', 'toggle'],
    ['Escape', 'none'],
    ['Ctrl+a', 'all'],
    ['Meta+A', 'all'],
    ['F2', 'rename'],
    ['Delete', 'delete'],
    ['Meta+Backspace', 'delete'],
    ['Shift+F10', 'menu'],
    ['ContextMenu', 'menu'],
    ['Ctrl+x', 'cut'],
    ['Ctrl+c', 'copy'],
    ['Ctrl+v', 'paste'],
    ['Alt+ArrowUp', 'up'],
  ])('%s means %s', (keys, what) => {
    expect(press(keys)).toEqual({ do: what });
  });

  it.each(['ArrowRight', 'Tab', 'F5', 'Ctrl+r', 'Ctrl+Shift+c', 'Alt+ArrowLeft', 'Backspace', 'Ctrl+z', '/'])(
    '%s is left to the browser or the page',
    (keys) => {
      expect(press(keys)).toBeUndefined();
    },
  );

  it('stays at the edges', () => {
    expect(press('ArrowUp', { ...where, focus: 0 })).toMatchObject({ to: 0 });
    expect(press('PageDown', { ...where, focus: 95 })).toMatchObject({ to: 99 });
    expect(press('ArrowDown', { ...where, focus: -1, total: 0 })).toBeUndefined();
  });

  it('a letter looks for a name', () => {
    expect(press('h')).toEqual({ do: 'find', letter: 'h' });
    expect(press('图')).toEqual({ do: 'find', letter: '图' });
  });
});

describe('in tiles', () => {
  const tiles = { focus: 5, total: 10, columns: 4, page: 2 };

  it.each([
    ['ArrowRight', 6],
    ['ArrowLeft', 4],
    ['ArrowUp', 1],
    ['ArrowDown', 9],
  ])('%s goes to %i', (keys, to) => {
    expect(press(keys, tiles)).toMatchObject({ to });
  });

  it('goes down into a shorter last row, and not beyond it', () => {
    expect(press('ArrowDown', { ...tiles, focus: 7 })).toMatchObject({ to: 9 });
    expect(press('ArrowDown', { ...tiles, focus: 8 })).toMatchObject({ to: 8 });
  });
});

it('finds the next name with a letter, and goes around', () => {
  const items = ['Alpha', 'beta', 'Bravo', 'gamma'].map((name) => ({ name }));
  expect(findByLetter(items, 0, 'b')).toBe(1);
  expect(findByLetter(items, 1, 'B')).toBe(2);
  expect(findByLetter(items, 2, 'b')).toBe(1);
  expect(findByLetter(items, -1, 'a')).toBe(0);
  expect(findByLetter(items, 0, 'x')).toBe(-1);
  expect(findByLetter([], 0, 'x')).toBe(-1);
});
