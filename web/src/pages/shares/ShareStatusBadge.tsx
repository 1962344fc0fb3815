import { useTranslation } from 'react-i18next';

import type { ShareStatus } from '@/api/shares';
import { StateBadge, type Tone } from '@/components/StateBadge';

const TONES: Record<ShareStatus, Tone> = { active: 'good', expired: 'off', exhausted: 'warn', unavailable: 'off' };

export function ShareStatusBadge({ status }: { status: ShareStatus }) {
  const { t } = useTranslation('shares');
  return <StateBadge tone={TONES[status]}>{t(`status.${status}`)}</StateBadge>;
}
