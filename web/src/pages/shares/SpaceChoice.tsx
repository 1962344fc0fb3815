import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import type { Space } from '@/api/spaces';
import { teamsQuery } from '@/api/teams';

const PERSONAL = 'personal';

/** Whose shares are shown; nothing to choose for somebody without a team. */
export function SpaceChoice({ space }: { space: Space }) {
  const { t } = useTranslation('shares');
  const navigate = useNavigate();
  const teams = useQuery(teamsQuery).data?.items ?? [];
  if (teams.length === 0) return null;
  const go = (value: string | null) => {
    if (value === PERSONAL) void navigate({ to: '/shares' });
    else if (value) void navigate({ to: '/teams/$teamId/shares', params: { teamId: Number(value) } });
  };
  return (
    <Select
      aria-label={t('space')}
      value={space.kind === 'team' ? `${space.teamId}` : PERSONAL}
      onChange={go}
      allowDeselect={false}
      data={[
        { value: PERSONAL, label: t('personal') },
        ...teams.map((team) => ({ value: `${team.id}`, label: team.name })),
      ]}
    />
  );
}
