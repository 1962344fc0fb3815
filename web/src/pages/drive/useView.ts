import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

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
  const { view, sort_by: by, sort_order: order } = useMe().preferences;
  return useMemo(() => {
    const change = (next: Partial<Preferences>) => {
      const merge = (me: Me | undefined) => me && { ...me, preferences: { ...me.preferences, ...next } };
      client.setQueryData(meQuery.queryKey, merge);
      // The choice holds on this page either way; where the server did not keep it, the next visit begins as before.
      preferences.change(next).catch(() => {});
    };
    return {
      view: view ?? 'list',
      sort: { by: by ?? 'name', order: order ?? 'asc' },
      setView: (next) => change({ view: next }),
      setSort: (next) => change({ sort_by: next.by, sort_order: next.order }),
    };
  }, [client, view, by, order]);
}
