/** Where a visitor stands within a shared folder: the ids of the folders from the shared one down. */
export interface PublicSearch {
  path?: number[];
}

/** Deeper than any tree that the server keeps. */
const DEEPEST = 128;

export function publicSearch(search: Record<string, unknown>): PublicSearch {
  const { path } = search;
  if (!Array.isArray(path) || path.length === 0 || path.length > DEEPEST) return {};
  return path.every((id) => Number.isSafeInteger(id) && id > 0) ? { path: path as number[] } : {};
}
