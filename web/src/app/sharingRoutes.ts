import type { AnyRoute } from '@tanstack/react-router';

/** Pages about shares for those who are signed in; the drive links to `/shares` when it is here. */
export function sharingRoutes<Parent extends AnyRoute>(_parent: Parent) {
  return [] as const;
}

/** Pages for everybody, such as `/s/$token`. */
export function publicRoutes<Parent extends AnyRoute>(_parent: Parent) {
  return [] as const;
}
