import type { FileCategory } from '@/api/files';
import type { SearchFilter } from '@/api/search';

export const CATEGORIES: readonly FileCategory[] = ['image', 'video', 'audio', 'document', 'archive', 'other'];

/** What the address of the search page says. */
export interface SearchState {
  q?: string;
  /** `file`, `folder`, or a category of files. */
  kind?: 'file' | 'folder' | FileCategory;
  ext?: string;
  min?: number;
  max?: number;
  /** Days, `2026-01-31`. */
  after?: string;
  before?: string;
  folder?: number;
}

/** Only what can be meant: an address can be written by anybody. */
export function readSearch(raw: Record<string, unknown>): SearchState {
  const state: SearchState = {};
  // A search for digits is a number to the router.
  if (typeof raw.q === 'string' || typeof raw.q === 'number') state.q = `${raw.q}`;
  const kinds: readonly unknown[] = ['file', 'folder', ...CATEGORIES];
  if (kinds.includes(raw.kind)) state.kind = raw.kind as NonNullable<SearchState['kind']>;
  if (typeof raw.ext === 'string' || typeof raw.ext === 'number') state.ext = `${raw.ext}`;
  for (const name of ['min', 'max'] as const) {
    const bytes = raw[name];
    if (Number.isSafeInteger(bytes) && (bytes as number) > 0) state[name] = bytes as number;
  }
  for (const name of ['after', 'before'] as const) {
    const day = raw[name];
    if (typeof day === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day))) state[name] = day;
  }
  if (Number.isSafeInteger(raw.folder) && (raw.folder as number) > 0) state.folder = raw.folder as number;
  return state;
}

/** As the server wants it. Days are days where the person is; the last one counts whole. */
export function filterOf(state: SearchState): SearchFilter {
  const isKind = state.kind === 'file' || state.kind === 'folder';
  return {
    q: state.q ?? '',
    type: isKind ? (state.kind as 'file' | 'folder') : undefined,
    category: state.kind && !isKind ? (state.kind as FileCategory) : undefined,
    extensions: state.ext,
    min_size: state.min,
    max_size: state.max,
    created_after: state.after && new Date(`${state.after}T00:00:00`).toISOString(),
    created_before: state.before && new Date(`${state.before}T23:59:59.999`).toISOString(),
    folder_id: state.folder,
  };
}

/** Whether anything is asked at all. */
export const asks = (state: SearchState): boolean =>
  Object.entries(state).some(([name, value]) => name !== 'folder' && value !== undefined && value !== '');
