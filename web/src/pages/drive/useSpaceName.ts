import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import type { Space } from '@/api/spaces';
import { teamQuery } from '@/api/teams';

/** What the root of a space is called. */
export function useSpaceName(space: Space): string {
  const { t } = useTranslation();
  const teamId = space.kind === 'team' ? space.teamId : 0;
  const name = useQuery({ ...teamQuery(teamId), enabled: space.kind === 'team' }).data?.name;
  return space.kind === 'team' ? (name ?? '…') : t('nav.drive');
}
