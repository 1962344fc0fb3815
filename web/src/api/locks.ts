import { post } from './client';
import type { ItemRef } from './files';
import { type Space, spacePath } from './spaces';

export const locks = {
  /** A locked item can only be changed by whoever locked it. */
  set: (space: Space, { kind, id }: ItemRef, locked: boolean) =>
    post<{ is_locked: boolean }>(`${spacePath(space)}/${kind}s/${id}/lock`, { locked }),
};
