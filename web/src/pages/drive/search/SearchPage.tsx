import { Box, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch, IconSearchOff } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { type DriveItem, keyOf } from '@/api/files';
import { searchQuery } from '@/api/search';
import { PERSONAL, type Space, teamSpace } from '@/api/spaces';
import { Empty } from '@/components/Empty';
import { Problem } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { Details } from '../Details';
import { DriveFrame } from '../DriveFrame';
import { DriveList } from '../DriveList';
import { DropZone } from '../DropZone';
import { Asking } from '../dialogs/Asking';
import { ListSkeleton } from '../ListSkeleton';
import { listRows } from '../listing/rows';
import { useListing } from '../listing/useListing';
import { searchPath } from '../paths';
import { SelectionBar } from '../SelectionBar';
import { useActs } from '../useActs';
import { useSpaceName } from '../useSpaceName';
import { useView } from '../useView';
import { ViewTools } from '../ViewTools';
import { Filters } from './Filters';
import { asks, filterOf, type SearchState } from './filter';
import { useWhereColumn } from './Where';

const personal = getRouteApi('/signed-in/drive/search');
const team = getRouteApi('/signed-in/teams/$teamId/search');

export const PersonalSearchPage = () => <SearchPage space={PERSONAL} state={personal.useSearch()} />;

export function TeamSearchPage() {
  const { teamId } = team.useParams();
  return <SearchPage key={teamId} space={teamSpace(teamId)} state={team.useSearch()} />;
}

function useFound(space: Space, state: SearchState) {
  const query = useInfiniteQuery({ ...searchQuery(space, filterOf(state)), enabled: asks(state) });
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const rows = useMemo(() => {
    const pages = data?.pages ?? [];
    const items = pages.flatMap((page) => page.items);
    return listRows<DriveItem>(items, hasNextPage ? (pages.at(-1)?.total ?? 0) : items.length, keyOf);
  }, [data, hasNextPage]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  return { query, rows, more };
}

function SearchPage({ space, state }: { space: Space; state: SearchState }) {
  const { t } = useTranslation('drive');
  const navigate = useNavigate();
  const view = useView();
  const { query, rows, more } = useFound(space, state);
  const model = useListing<DriveItem>(rows, keyOf);
  const [detailed, details] = useDisclosure();
  const root = useSpaceName(space);
  const title = t('search.title', { where: root });
  const acts = useActs({
    space,
    folderId: undefined,
    above: undefined,
    title: t('search.archive'),
    model,
    showDetails: details.open,
    loadAll: async () => {},
  });
  const show = (next: SearchState) => void navigate({ to: searchPath(space), search: next as never, replace: true });
  const where = useWhereColumn(space);
  const aside = detailed && (
    <Details space={space} place={undefined} title={title} items={model.chosen} onClose={details.close} />
  );
  const tools = <ViewTools view={view} detailed={detailed} onDetails={details.toggle} isSorted={false} />;
  return (
    <DriveFrame title={title} tools={tools} aside={aside}>
      <Filters state={state} onChange={show} />
      {query.data && asks(state) && (
        <Count total={query.data.pages[0]?.total ?? 0} isExact={query.data.pages[0]?.isExact ?? true} />
      )}
      {!query.data && query.error && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isLoading && <ListSkeleton view={view.view} />}
      {!asks(state) && (
        <Nothing icon={<IconSearch size={30} />} title={t('search.begin')} text={t('search.beginText')} />
      )}
      {query.data && asks(state) && rows.total === 0 && (
        <Nothing icon={<IconSearchOff size={30} />} title={t('search.none')} text={t('search.noneText')} />
      )}
      {asks(state) && rows.total > 0 && (
        <DropZone acts={acts} title={title}>
          <DriveList
            label={title}
            acts={acts}
            model={model}
            view={view}
            isSorted={false}
            onGap={more}
            whereColumn={where}
          />
        </DropZone>
      )}
      <SelectionBar acts={acts} model={model} />
      <Asking acts={acts} />
    </DriveFrame>
  );
}

function Count({ total, isExact }: { total: number; isExact: boolean }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  if (total === 0) return null;
  const found = format.count(total);
  return (
    <Text size="sm" c="dimmed" role="status">
      {isExact ? t('search.found', { count: total, found }) : t('search.foundMore', { found })}
    </Text>
  );
}

function Nothing({ icon, title, text }: { icon: React.ReactNode; title: string; text: string }) {
  return (
    <Box style={{ overflow: 'auto' }}>
      <Empty icon={icon} title={title}>
        {text}
      </Empty>
    </Box>
  );
}
