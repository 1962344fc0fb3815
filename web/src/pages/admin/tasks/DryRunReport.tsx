import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import type { DryRun } from '@/api/tasks';
import { type Tone, ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

/** What a migration would do, line by line, and what stands against it. */
export function DryRunReport({ found }: { found: DryRun }) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const limit = found.target_max_file_size;
  const room = found.target_free_bytes;
  return (
    <Stack component="ul" gap={8} m={0} p={0} style={{ listStyle: 'none' }} data-testid="dry-run">
      <Line tone="good">
        {t('migration.moves', {
          count: found.blobs,
          number: format.count(found.blobs),
          size: format.bytes(found.bytes),
        })}
      </Line>
      <Line tone={found.oversized_blobs > 0 ? 'bad' : 'good'}>
        {limit === 0
          ? t('migration.noLimit')
          : found.oversized_blobs > 0
            ? t('migration.oversized', { count: found.oversized_blobs, limit: format.bytes(limit) })
            : t('migration.fits', { largest: format.bytes(found.largest_blob), limit: format.bytes(limit) })}
      </Line>
      <Line tone={found.enough_room === null ? 'off' : found.enough_room ? 'good' : 'bad'}>
        {room === null ? t('migration.roomUnknown') : t('migration.room', { size: format.bytes(room) })}
      </Line>
      {found.problems.map((problem) => (
        <Line key={problem} tone="bad" english>
          {problem}
        </Line>
      ))}
      <Line tone={found.can_start ? 'good' : 'bad'}>
        {found.can_start ? t('migration.can') : t('migration.cannot')}
      </Line>
    </Stack>
  );
}

function Line({ tone, english = false, children }: { tone: Tone; english?: boolean; children: string }) {
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start" data-tone={tone}>
      <span style={{ paddingTop: 2, display: 'inline-flex' }}>
        <ToneIcon tone={tone} />
      </span>
      <Text size="sm" {...(english && { lang: 'en' })}>
        {children}
      </Text>
    </Group>
  );
}
