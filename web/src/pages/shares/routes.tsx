import { useParams } from '@tanstack/react-router';

import { PERSONAL, teamSpace } from '@/api/spaces';

import { SharesPage } from './SharesPage';

export const MySharesPage = () => <SharesPage space={PERSONAL} />;

export function TeamSharesPage() {
  const { teamId } = useParams({ strict: false }) as { teamId: number };
  return <SharesPage key={teamId} space={teamSpace(teamId)} />;
}
