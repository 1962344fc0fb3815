import { useQueryClient } from '@tanstack/react-query';

import type { Sort } from '@/api/folders';
import { type Preferences, preferences } from '@/api/preferences';
import { meQuery } from '@/api/session';
import type { Me } from '@/api/users';
import { useMe } from '@/app/session';

/** How somebody looks at folders; the same on every device. */
export interface ViewState {
  view: 'list' | 'grid';
  sort: Sort;
  setView: (view: 'list' | 'grid') => void;
  setSort: (sort: Sort) => void;
}

export function useView(): ViewState {
  const client = useQueryClient();
  const chosen = useMe().preferences;
  const change = (next: Partial<Preferences>) => {
    const merge = (me: Me | undefined) => me && { ...me, preferences: { ...me.preferences, ...next } };
    client.setQueryData(meQuery.queryKey, merge);
    // The choice holds on this page either way; where the server did not keep it, the next visit begins as before.
    preferences.change(next).catch(() => {});
  };
  return {
    view: chosen.view ?? 'list',
    sort: { by: chosen.sort_by ?? 'name', order: chosen.sort_order ?? 'asc' },
    setView: (view) => change({ view }),
    setSort: ({ by, order }) => change({ sort_by: by, sort_order: order }),
  };
}
