import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/errors';
import { type Policy, type PolicyTested, policies } from '@/api/policies';
import { headline } from '@/components/Problem';
import { StateBadge } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { DiagnosisView, diagnosisOf } from '../nodes/DiagnosisView';

/** Writes, reads and deletes a small object; says the outcome in words and where. */
export function PolicyTest({ policy }: { policy: Policy }) {
  const { t } = useTranslation('admin');
  const test = useMutation({ mutationFn: () => policies.test(policy.id), networkMode: 'always' });
  return (
    <Stack gap={4} align="flex-start">
      <Group gap="sm">
        <Button
          size="xs"
          variant="default"
          loading={test.isPending}
          onClick={() => test.mutate()}
          aria-label={t('policies.testWhat', { name: policy.name })}
        >
          {t('policies.test')}
        </Button>
        {test.isSuccess && <StateBadge tone="good">{t('policies.passed')}</StateBadge>}
        {test.isError && <StateBadge tone="bad">{t('policies.failed')}</StateBadge>}
      </Group>
      <TestOutcome tested={test.data} error={test.error} />
    </Stack>
  );
}

interface OutcomeProps {
  tested: PolicyTested | undefined;
  error: unknown;
}

/** What a test found: what was done and how long it took, or what stands in the way and what to do. */
export function TestOutcome({ tested, error }: OutcomeProps) {
  const { t } = useTranslation('admin');
  const { t: say } = useTranslation();
  const format = useFormat();
  const diagnosis = error instanceof ApiError ? diagnosisOf(error.detail) : undefined;
  return (
    <div role="status" style={{ maxWidth: 420 }}>
      {tested && (
        <Text size="xs" c="dimmed">
          {t('policies.passedText')} {t('policies.took', { time: format.duration(tested.latency_ms) })}
        </Text>
      )}
      {diagnosis ? (
        <DiagnosisView diagnosis={diagnosis} />
      ) : (
        error !== null &&
        error !== undefined && (
          <Text size="xs" c="var(--aster-bad)">
            {headline(error, say)}
            {error instanceof ApiError && <span lang="en">: {error.message}</span>}
          </Text>
        )
      )}
    </div>
  );
}
