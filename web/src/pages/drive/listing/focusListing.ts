/** Gives the keyboard back to the list, unless something else has taken it. */
export function focusListing(): void {
  const active = document.activeElement;
  const isTaken = active !== null && active !== document.body && active.closest('[role=menu]') === null;
  if (!isTaken) document.querySelector<HTMLElement>('[role=grid][data-view]')?.focus({ preventScroll: true });
}
