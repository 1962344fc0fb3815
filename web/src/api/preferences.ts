import { patch } from './client';
import type { SortKey } from './folders';

/** What a person chose for the pages; `null` is the page's default. */
export interface Preferences {
  language: string | null;
  theme: 'system' | 'light' | 'dark' | null;
  view: 'list' | 'grid' | null;
  sort_by: SortKey | null;
  sort_order: 'asc' | 'desc' | null;
}

export const preferences = {
  change: (change: Partial<Preferences>) => patch<Preferences>('/auth/preferences', change),
};
