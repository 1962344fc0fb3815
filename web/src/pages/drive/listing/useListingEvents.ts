import { type KeyboardEvent, type MouseEvent, type PointerEvent, useRef } from 'react';

import { commandOf, findByLetter } from './keys';
import type { ListingProps } from './Listing';
import type { Pick } from './selection';

/** Where a menu opens, in the window. */
export interface Point {
  x: number;
  y: number;
}

interface Geometry {
  columns: number;
  page: number;
  /** Scrolls a row into sight. */
  show: (index: number) => void;
}

const LONG_PRESS_MS = 500;
const STILL_PX = 10;

/** The row under an event, and the part of it that was meant. */
function hit(event: { target: EventTarget }): { index: number; act: string | undefined } | undefined {
  const target = event.target as HTMLElement;
  const row = target.closest<HTMLElement>('[data-index]');
  if (!row || target.closest('input:not([data-act]), textarea')) return undefined;
  return { index: Number(row.dataset.index), act: target.closest<HTMLElement>('[data-act]')?.dataset.act };
}

/** Mouse, fingers and keyboard of a whole list, caught at its frame. */
export function useListingEvents<T>(props: ListingProps<T>, geometry: Geometry) {
  const { model, onOpen, onMenu } = props;
  const touch = useLongPress((index, at) => {
    if (!isChosen(index)) model.pick(index, 'only');
    onMenu(at);
  });

  const isChosen = (index: number) => {
    const item = model.rows.at(index);
    return item !== undefined && model.keys.has(model.keyOf(item));
  };
  const open = (index: number) => {
    const item = model.rows.at(index);
    if (item !== undefined) onOpen(item);
  };
  const menuAt = (index: number, at: Point) => {
    // What is not among the chosen is meant alone.
    model.pick(index, isChosen(index) ? 'focus' : 'only');
    onMenu(at);
  };

  const onClick = (event: MouseEvent<HTMLElement>) => {
    const where = hit(event);
    if (!where) {
      if (event.target === event.currentTarget || isBare(event.target)) model.none();
      return;
    }
    const { index, act } = where;
    if (act === 'open') event.preventDefault();
    // The part of a row that was pressed has nothing to do with the keyboard.
    if (act === 'menu' || act === 'select') event.currentTarget.focus({ preventScroll: true });
    if (touch.wasLong()) return;
    if (act === 'menu') return menuAt(index, below(event.target as HTMLElement));
    if (act === 'select') return model.pick(index, event.shiftKey ? 'range' : 'toggle');
    if (event.shiftKey) return model.pick(index, 'range');
    if (event.ctrlKey || event.metaKey) return model.pick(index, 'toggle');
    if (touch.isTouch()) return model.keys.size > 0 ? model.pick(index, 'toggle') : open(index);
    model.pick(index, 'only');
    if (act === 'open') open(index);
  };

  return {
    ...touch.handlers,
    onClick,
    onDoubleClick: (event: MouseEvent<HTMLElement>) => {
      const where = hit(event);
      if (where && where.act === undefined && !touch.isTouch()) open(where.index);
    },
    onContextMenu: (event: MouseEvent<HTMLElement>) => {
      const where = hit(event);
      if (!where) return;
      event.preventDefault();
      if (!touch.isTouch()) menuAt(where.index, { x: event.clientX, y: event.clientY });
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => pressed(event, props, geometry),
    onDragStart: (event: React.DragEvent<HTMLElement>) => {
      const where = hit(event);
      if (!where || !props.onDragItem || touch.isTouch()) return event.preventDefault();
      const item = model.rows.at(where.index);
      if (item === undefined) return event.preventDefault();
      const alone = !isChosen(where.index);
      if (alone) model.pick(where.index, 'only');
      props.onDragItem(event, alone ? [item] : model.chosen);
    },
  };
}

/** The room around rows, not something that acts by itself. */
const isBare = (target: EventTarget) => (target as HTMLElement).getAttribute('role') !== null;

function below(element: HTMLElement): Point {
  const { left, bottom } = (element.closest('[data-act]') ?? element).getBoundingClientRect();
  return { x: left, y: bottom };
}

function pressed<T>(event: KeyboardEvent<HTMLElement>, props: ListingProps<T>, geometry: Geometry): void {
  const target = event.target as HTMLElement;
  const elsewhere = target.closest('input, textarea, [role=columnheader]');
  if (elsewhere) return;
  const { model } = props;
  const command = commandOf(event, { ...geometry, focus: model.focus, total: model.rows.total });
  if (!command) return;
  event.preventDefault();
  const go = (index: number, how: Pick) => {
    if (index < 0) return;
    model.pick(index, how);
    geometry.show(index);
  };
  if (command.do === 'go') go(command.to, command.how);
  else if (command.do === 'find') findLoaded(command.letter, props, go);
  else if (command.do === 'toggle') go(model.focus, 'toggle');
  else if (command.do === 'none') model.none();
  else if (command.do === 'menu') menuByKey(event.currentTarget, props);
  else {
    const item = model.rows.at(model.focus);
    if (command.do !== 'open') {
      // Somebody who has chosen nothing means the row with the focus.
      props.onCommand(command, model.chosen.length === 0 && item !== undefined ? [item] : model.chosen);
    } else if (item !== undefined) props.onOpen(item);
  }
}

function menuByKey<T>(frame: HTMLElement, { model, onMenu }: ListingProps<T>): void {
  const row = frame.querySelector<HTMLElement>(`[data-index="${model.focus}"]`);
  const item = model.rows.at(model.focus);
  if (!row || item === undefined) return;
  if (!model.keys.has(model.keyOf(item))) model.pick(model.focus, 'only');
  onMenu(middle(row));
}

function middle(row: HTMLElement): Point {
  const { left, top, width, height } = row.getBoundingClientRect();
  return { x: left + Math.min(width / 2, 120), y: top + height / 2 };
}

function findLoaded<T>(letter: string, { model, look }: ListingProps<T>, go: (index: number, how: Pick) => void) {
  const names = model.rows.loaded.map((item) => ({ name: look.nameOf(item) }));
  const focused = model.rows.at(model.focus);
  const from = focused === undefined ? -1 : model.rows.loaded.indexOf(focused);
  const item = model.rows.loaded[findByLetter(names, from, letter)];
  if (item !== undefined) go(model.rows.indexOf(model.keyOf(item)), 'only');
}

/** A finger that stays where it is asks for the menu. */
function useLongPress(onLongPress: (index: number, at: Point) => void) {
  const press = useRef({ timer: 0, x: 0, y: 0, isTouch: false, wasLong: false });
  const cancel = () => window.clearTimeout(press.current.timer);
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    cancel();
    const where = hit(event);
    const at = { x: event.clientX, y: event.clientY };
    press.current = { timer: 0, ...at, isTouch: event.pointerType === 'touch', wasLong: false };
    if (event.pointerType !== 'touch' || !where || where.act === 'menu') return;
    press.current.timer = window.setTimeout(() => {
      press.current.wasLong = true;
      onLongPress(where.index, at);
    }, LONG_PRESS_MS);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const { x, y } = press.current;
    if (Math.hypot(event.clientX - x, event.clientY - y) > STILL_PX) cancel();
  };
  return {
    handlers: { onPointerDown, onPointerMove, onPointerUp: cancel, onPointerCancel: cancel, onScroll: cancel },
    isTouch: () => press.current.isTouch,
    /** The click that ends a long press means nothing more. */
    wasLong: () => press.current.wasLong,
  };
}
