import { Box, Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFolderOpen } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type DriveItem, keyOf } from '@/api/files';
import { ancestorsQuery, folderKey } from '@/api/folders';
import { PERSONAL, type Place, teamSpace } from '@/api/spaces';
import { Empty } from '@/components/Empty';
import { Problem } from '@/components/Problem';

import { Crumbs } from './Crumbs';
import { Details } from './Details';
import { DriveFrame } from './DriveFrame';
import { DriveList } from './DriveList';
import { DropZone } from './DropZone';
import { Asking } from './dialogs/Asking';
import { useDriveExtensions } from './extensions';
import { ListSkeleton } from './ListSkeleton';
import { claimFocus } from './listing/focusListing';
import { useListing } from './listing/useListing';
import { NewMenu } from './NewMenu';
import { SelectionBar } from './SelectionBar';
import { type Acts, useActs } from './useActs';
import { useFolder } from './useFolder';
import { useSpaceName } from './useSpaceName';
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
  const details = useDisclosure();
  const key = JSON.stringify([space, folderId]);
  return <Folder key={key} space={space} folderId={folderId} view={view} details={details} />;
}

interface Props extends Place {
  view: ViewState;
  /** Whether the details are shown; from folder to folder they stay. */
  details: ReturnType<typeof useDisclosure>;
}

function Folder({ space, folderId, view, details: [detailed, details] }: Props) {
  const { t } = useTranslation('drive');
  const client = useQueryClient();
  const { query, rows, more, loadAll } = useFolder({ space, folderId }, view.sort);
  const above = useQuery({ ...ancestorsQuery(space, folderId ?? 0), enabled: folderId !== null });
  const root = useSpaceName(space);
  const title = folderId === null ? root : (above.data?.at(-1)?.name ?? (above.error ? t('category.folder') : '…'));
  const model = useListing<DriveItem>(rows, keyOf);
  const parent = above.data?.at(-2)?.id ?? null;
  const acts = useActs({
    space,
    folderId,
    title,
    model,
    above: folderId === null ? undefined : { space, folderId: parent },
    showDetails: details.open,
    loadAll,
  });
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
      <DropZone acts={acts} title={title}>
        {query.data === undefined && query.error && <Problem error={query.error} retry={() => void query.refetch()} />}
        {query.data === undefined && !query.error && <ListSkeleton view={view.view} />}
        {query.data && rows.total === 0 && <EmptyFolder acts={acts} />}
        {rows.total > 0 && <DriveList label={title} acts={acts} model={model} view={view} isSorted onGap={more} />}
      </DropZone>
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
          <Button ref={claimFocus} variant="default" onClick={() => acts.ask({ what: 'folder' })}>
            {t('new.folder')}
          </Button>
        }
      >
        {startUpload ? t('empty.upload') : t('empty.text')}
      </Empty>
    </Box>
  );
}
