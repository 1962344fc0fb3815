import { PERSONAL, type Place, type Space, teamSpace } from '@/api/spaces';

/** Where a folder, or the root of a space, is shown. */
export function folderPath({ space, folderId }: Place): string {
  const root = space.kind === 'team' ? `/teams/${space.teamId}` : '/drive';
  if (folderId !== null) return `${root}/folder/${folderId}`;
  return space.kind === 'team' ? root : '/';
}

export const trashPath = (space: Space): string =>
  space.kind === 'team' ? `/teams/${space.teamId}/trash` : '/drive/trash';

export const searchPath = (space: Space): string =>
  space.kind === 'team' ? `/teams/${space.teamId}/search` : '/drive/search';

/** The space that an address is about; the personal one where it is about none. */
export function spaceOf(path: string): Space {
  const team = /^\/teams\/(\d+)(?:\/|$)/.exec(path)?.[1];
  return team ? teamSpace(Number(team)) : PERSONAL;
}

/** The folder that an address shows; `undefined` where it shows none. */
export function placeOf(path: string): Place | undefined {
  const space = spaceOf(path);
  if (path === '/' || /^\/teams\/\d+\/?$/.test(path)) return { space, folderId: null };
  const folder = /\/folder\/(\d+)\/?$/.exec(path)?.[1];
  return folder ? { space, folderId: Number(folder) } : undefined;
}
