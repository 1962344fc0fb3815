import { Box, Button, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { keyOf } from '@/api/files';
import { PERSONAL, type Space, teamSpace } from '@/api/spaces';
import { type TrashEntry, trashQuery } from '@/api/trash';
import { Empty } from '@/components/Empty';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';

import { DriveFrame } from '../DriveFrame';
import { ListSkeleton } from '../ListSkeleton';
import { Listing } from '../listing/Listing';
import { listRows } from '../listing/rows';
import { useListing } from '../listing/useListing';
import type { Point } from '../listing/useListingEvents';
import { useChanges } from '../useChanges';
import { useSpaceName } from '../useSpaceName';
import { type TrashActs, TrashBar, TrashMenu } from './TrashActions';
import { useTrashLook } from './useTrashLook';

const team = getRouteApi('/signed-in/teams/$teamId/trash');

export const PersonalTrashPage = () => <TrashPage space={PERSONAL} />;

export function TeamTrashPage() {
  const { teamId } = team.useParams();
  return <TrashPage key={teamId} space={teamSpace(teamId)} />;
}

function TrashPage({ space }: { space: Space }) {
  const { t } = useTranslation('drive');
  const query = useInfiniteQuery(trashQuery(space));
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage, data } = query;
  const rows = useMemo(() => {
    const pages = data?.pages ?? [];
    const entries = pages.flatMap((page) => page.entries);
    return listRows(entries, hasNextPage ? (pages.at(-1)?.total ?? 0) : entries.length, keyOf);
  }, [data, hasNextPage]);
  const more = useCallback(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);
  const model = useListing<TrashEntry>(rows, keyOf);
  const [menu, setMenu] = useState<Point>();
  const acts = useTrashActs(space);
  const name = useSpaceName(space);
  const look = useTrashLook(name);
  const title = space.kind === 'team' ? t('trash.ofTeam', { name }) : t('trash.title');
  const lead = (
    <Button variant="default" disabled={rows.total === 0} onClick={acts.empty}>
      {t('trash.empty')}
    </Button>
  );
  return (
    <DriveFrame
      title={title}
      about={
        <Text c="dimmed" size="sm">
          {t('trash.about')}
        </Text>
      }
      lead={lead}
    >
      {!data &&
        (query.error ? (
          <Problem error={query.error} retry={() => void query.refetch()} />
        ) : (
          <ListSkeleton view="list" />
        ))}
      {data && rows.total === 0 && (
        <Box>
          <Empty icon={<IconTrash size={30} />} title={t('trash.nothing')}>
            {t('trash.nothingText')}
          </Empty>
        </Box>
      )}
      {rows.total > 0 && (
        <Listing
          label={title}
          view="list"
          model={model}
          look={look}
          onOpen={(entry) => acts.restore([entry])}
          onMenu={setMenu}
          onCommand={(command, entries) => {
            if (command.do === 'all') model.all();
            if (command.do === 'delete' && entries.length > 0) acts.purge(entries);
          }}
          onGap={more}
        />
      )}
      {isFetchNextPageError && <Problem error={query.error} retry={() => void fetchNextPage()} />}
      <TrashBar acts={acts} model={model} />
      <TrashMenu at={menu} onClose={() => setMenu(undefined)} acts={acts} entries={model.chosen} />
    </DriveFrame>
  );
}

function useTrashActs(space: Space): TrashActs {
  const { t } = useTranslation('drive');
  const changes = useChanges(space);
  const confirm = useConfirm();
  return {
    restore: (entries) => void changes.restore(entries),
    purge: async (entries) => {
      const text = t('trash.purgeText', { count: entries.length, name: entries[0]?.name ?? '' });
      const question = { title: t('trash.purge'), text, act: t('trash.purge') };
      if (await confirm(question)) void changes.purge(entries);
    },
    empty: async () => {
      const question = { title: t('trash.empty'), text: t('trash.emptyText'), act: t('trash.empty') };
      if (await confirm(question)) void changes.emptyTrash();
    },
  };
}
