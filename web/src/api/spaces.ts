/** Whose files: the person's own, or a team's. */
export type Space = { kind: 'personal' } | { kind: 'team'; teamId: number };

/** A folder of a space; `null` is its root. */
export interface Place {
  space: Space;
  folderId: number | null;
}

export const PERSONAL: Space = { kind: 'personal' };

const teamSpaces = new Map<number, Space>();

/** The same object for the same team, so that what depends on a space knows that it is the same. */
export function teamSpace(teamId: number): Space {
  const space = teamSpaces.get(teamId) ?? { kind: 'team', teamId };
  teamSpaces.set(teamId, space);
  return space;
}

/** What the paths of the API begin with for a space. */
export const spacePath = (space: Space): string => (space.kind === 'team' ? `/teams/${space.teamId}` : '');

/** One word for a space, for keys of queries. */
export const spaceName = (space: Space): string => (space.kind === 'team' ? `team-${space.teamId}` : 'personal');

export const sameSpace = (one: Space, other: Space): boolean => spaceName(one) === spaceName(other);

/** Everything that is read of a space lies below this key. */
export const spaceKey = (space: Space) => ['drive', spaceName(space)] as const;

/** What to read anew after something in a space has changed: what lies there, and how much room is left. */
export const changedKeys = (space: Space) => [spaceKey(space), space.kind === 'team' ? ['teams'] : ['me']] as const;
