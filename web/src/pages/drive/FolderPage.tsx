import { Box, Button } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconFolderOpen } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type DriveItem, keyOf } from '@/api/files';
import { ancestorsQuery, folderKey } from '@/api/folders';
import { PERSONAL, type Place, type Space, teamSpace } from '@/api/spaces';
import { teamQuery } from '@/api/teams';
import { Empty } from '@/components/Empty';
import { Problem } from '@/components/Problem';

import { Crumbs } from './Crumbs';
import { Details } from './Details';
import { DriveFrame } from './DriveFrame';
import { DriveList } from './DriveList';
import { Asking } from './dialogs/Asking';
import { useDriveExtensions } from './extensions';
import { ListSkeleton } from './ListSkeleton';
import { useListing } from './listing/useListing';
import { NewMenu } from './NewMenu';
import { SelectionBar } from './SelectionBar';
import { undoLast } from './undo';
import { type Acts, useActs } from './useActs';
import { useFolder } from './useFolder';
import { useView, type ViewState } from './useView';
import { ViewTools } from './ViewTools';

const drive = getRouteApi('/signed-in/drive/folder/$folderId');
const team = getRouteApi('/signed-in/teams/$teamId');
const teamFolder = getRouteApi('/signed-in/teams/$teamId/folder/$folderId');

export const HomePage = () => <FolderPage space={PERSONAL} folderId={null} />;

export function DriveFolderPage() {
  const { folderId } = drive.useParams();
  return <FolderPage space={PERSONAL} folderId={folderId} />;
}

export function TeamHomePage() {
  const { teamId } = team.useParams();
  return <FolderPage space={teamSpace(teamId)} folderId={null} />;
}

export function TeamFolderPage() {
  const { teamId, folderId } = teamFolder.useParams();
  return <FolderPage space={teamSpace(teamId)} folderId={folderId} />;
}

/** Each folder begins with nothing chosen. */
function FolderPage({ space, folderId }: Place) {
  const view = useView();
  return <Folder key={JSON.stringify([space, folderId])} space={space} folderId={folderId} view={view} />;
}

/** What the root of a space is called. */
export function useSpaceName(space: Space): string {
  const { t } = useTranslation();
  const teamId = space.kind === 'team' ? space.teamId : 0;
  const name = useQuery({ ...teamQuery(teamId), enabled: space.kind === 'team' }).data?.name;
  return space.kind === 'team' ? (name ?? '…') : t('nav.drive');
}

function Folder({ space, folderId, view }: Place & { view: ViewState }) {
  const client = useQueryClient();
  const { query, rows, more, loadAll } = useFolder({ space, folderId }, view.sort);
  const above = useQuery({ ...ancestorsQuery(space, folderId ?? 0), enabled: folderId !== null });
  const root = useSpaceName(space);
  const title = folderId === null ? root : (above.data?.at(-1)?.name ?? '…');
  const model = useListing<DriveItem>(rows, keyOf);
  const [detailed, details] = useDisclosure();
  const acts = useActs({ space, folderId, title, model, showDetails: details.open, loadAll });
  useHotkeys([['mod+Z', () => undoLast()]]);
  const crumbs = <Crumbs root={root} space={space} above={above.data ?? []} acts={acts} />;
  const tools = (
    <ViewTools
      view={view}
      detailed={detailed}
      onDetails={details.toggle}
      onRefresh={() => void client.resetQueries({ queryKey: folderKey(space, folderId) })}
    />
  );
  const aside = detailed && (
    <Details space={space} place={{ space, folderId }} title={title} items={model.chosen} onClose={details.close} />
  );
  return (
    <DriveFrame
      title={title}
      crumbs={folderId === null ? undefined : crumbs}
      tools={tools}
      lead={<NewMenu acts={acts} />}
      aside={aside}
    >
      {query.data === undefined && query.error && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.data === undefined && !query.error && <ListSkeleton view={view.view} />}
      {query.data && rows.total === 0 && <EmptyFolder acts={acts} />}
      {rows.total > 0 && <DriveList label={title} acts={acts} model={model} view={view} isSorted onGap={more} />}
      {query.isFetchNextPageError && <Problem error={query.error} retry={() => void query.fetchNextPage()} />}
      <SelectionBar acts={acts} model={model} />
      <Asking acts={acts} />
    </DriveFrame>
  );
}

/** Nothing is in here yet: how something comes in. */
function EmptyFolder({ acts }: { acts: Acts }) {
  const { t } = useTranslation('drive');
  const { startUpload } = useDriveExtensions();
  return (
    <Box style={{ overflow: 'auto' }}>
      <Empty
        icon={<IconFolderOpen size={30} />}
        title={t('empty.title')}
        action={
          <Button variant="default" onClick={() => acts.ask({ what: 'folder' })}>
            {t('new.folder')}
          </Button>
        }
      >
        {startUpload ? t('empty.upload') : t('empty.text')}
      </Empty>
    </Box>
  );
}
