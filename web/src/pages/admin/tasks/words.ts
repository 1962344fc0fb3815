import { useTranslation } from 'react-i18next';

import type { TaskState } from '@/api/tasks';
import type { Tone } from '@/components/StateBadge';

import { humanize } from '../settings/humanize';

/** Kinds that people may want to look for; others are told by their name. */
export const KINDS = [
  'storage_policy_migration',
  'archive_compress',
  'archive_extract',
  'trash_cleanup',
  'team_archive_cleanup',
  'link_cleanup',
  'auth_session_cleanup',
  'audit_cleanup',
  'task_cleanup',
  'blob_reconcile',
] as const;

export const TONES: Record<TaskState, Tone> = {
  pending: 'wait',
  processing: 'wait',
  retry: 'warn',
  succeeded: 'good',
  failed: 'bad',
  canceled: 'off',
};

/** What a kind is called; one of a later server by its own name. */
export function useKindName(): (kind: string) => string {
  const { t } = useTranslation('console');
  return (kind) => t(`kind.${kind as (typeof KINDS)[number]}`, { defaultValue: humanize(kind) });
}
