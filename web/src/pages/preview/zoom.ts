/** How a picture lies in its window: enlarged around its centre, then moved. Pure. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export const FITTED: View = { scale: 1, x: 0, y: 0 };
export const STEP = 1.25;
const LARGEST = 16;

/** Another size; the point of the picture under `(x, y)`, from the centre of the window, stays where it is. */
export function zoomed(view: View, factor: number, x = 0, y = 0): View {
  const scale = Math.min(LARGEST, Math.max(1, view.scale * factor));
  if (scale === 1) return FITTED;
  const ratio = scale / view.scale;
  return { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
}

/** Moved, but never out of the window: half of the enlarged picture's overhang in each direction. */
export function moved(view: View, dx: number, dy: number, width: number, height: number): View {
  const most = (side: number) => (side * (view.scale - 1)) / 2;
  const held = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));
  return { ...view, x: held(view.x + dx, most(width)), y: held(view.y + dy, most(height)) };
}
