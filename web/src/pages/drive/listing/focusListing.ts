/** Gives the keyboard back to the list, unless something else has taken it. */
export function focusListing(): void {
  const active = document.activeElement;
  const isTaken = active !== null && active !== document.body && active.closest('[role=menu]') === null;
  if (!isTaken) document.querySelector<HTMLElement>('[role=grid][data-view]')?.focus({ preventScroll: true });
}

let isAwaited = false;

/** Whoever goes from a list to the next by keyboard goes on there. */
export function awaitFocus(): void {
  isAwaited = true;
}

/** For what takes the place of the list that had the focus. */
export function claimFocus(element: HTMLElement | null): void {
  if (!element || !isAwaited) return;
  isAwaited = false;
  element.focus({ preventScroll: true });
}
