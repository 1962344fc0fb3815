import { del, get, post } from './client';
import { type Space, spacePath } from './spaces';

/** A link to the content of one file, for whoever has it, until it is ended. */
export interface DirectLink {
  token: string;
  path: string;
}

const pathOf = (space: Space, fileId: number) => `${spacePath(space)}/files/${fileId}/direct-link`;

export const links = {
  /** The link of a file; the server makes one where there is none. */
  show: (space: Space, fileId: number) => get<DirectLink>(pathOf(space, fileId)),
  /** Another link; one from before ends. */
  renew: (space: Space, fileId: number) => post<DirectLink>(pathOf(space, fileId)),
  end: (space: Space, fileId: number) => del<void>(pathOf(space, fileId)),
};

export const directUrl = (link: DirectLink) => `${window.location.origin}${link.path}`;
