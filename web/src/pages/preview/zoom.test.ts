import { expect, it } from 'vitest';

import { FITTED, moved, zoomed } from './zoom';

it('keeps the point under the pointer where it is', () => {
  const view = zoomed(FITTED, 2, 100, 50);
  // The point at (100, 50) was at (100, 50) of the picture; now the picture is twice as large.
  expect(view).toEqual({ scale: 2, x: -100, y: -50 });
  expect(100 * view.scale + view.x).toBe(100);
});

it('fits again when it gets small enough, wherever it was', () => {
  expect(zoomed({ scale: 2, x: 300, y: 10 }, 0.4)).toEqual(FITTED);
});

it('has a largest size', () => {
  expect(zoomed({ scale: 15, x: 0, y: 0 }, 2).scale).toBe(16);
});

it('does not move out of the window', () => {
  expect(moved({ scale: 2, x: 0, y: 0 }, 900, -900, 400, 200)).toEqual({ scale: 2, x: 200, y: -100 });
  expect(moved(FITTED, 50, 50, 400, 200)).toEqual(FITTED);
});
