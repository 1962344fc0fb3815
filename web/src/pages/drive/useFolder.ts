import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';

import { folderQuery, type Sort } from '@/api/folders';
import type { Place } from '@/api/spaces';
import { folderRows } from './listing/rows';
import { isLong } from './lists';

/** How often an open folder looks whether somebody else has changed it. */
const LOOK_AGAIN_MS = 20_000;

/** A folder as a list, loaded as far as somebody has looked. */
export function useFolder({ space, folderId }: Place, sort: Sort) {
  const query = useInfiniteQuery({
    ...folderQuery(space, folderId, sort),
    placeholderData: keepPreviousData,
    refetchInterval: (one) => (isLong(one) ? false : LOOK_AGAIN_MS),
    refetchOnWindowFocus: (one) => !isLong(one),
  });
  const pages = query.data?.pages;
  const rows = useMemo(() => folderRows(pages ?? []), [pages]);
  const { fetchNextPage, hasNextPage, isFetching, isFetchNextPageError } = query;
  const more = useCallback(() => {
    // A refetch under way gives new parts; the effect that asked asks again when it is done.
    if (hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const loadAll = useCallback(async () => {
    let has = hasNextPage;
    while (has) {
      const { hasNextPage: next, isFetchNextPageError: failed } = await fetchNextPage();
      has = next && !failed;
    }
  }, [hasNextPage, fetchNextPage]);
  return { query, rows, more, loadAll };
}
