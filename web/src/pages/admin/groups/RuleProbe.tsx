import { Card, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Policy } from '@/api/policies';
import { SizeInput } from '@/components/SizeInput';
import { ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { type DraftRule, matchRules } from './rules';

interface Props {
  rules: readonly DraftRule[];
  policies: Policy[];
  skipped: ReadonlySet<number>;
  enabled: boolean;
}

/** "Where would a file of this size go?" Answered from what is on the screen, saved or not. */
export function RuleProbe({ rules, policies, skipped, enabled }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const [size, setSize] = useState(100 * 1024 * 1024);
  const { verdicts, winner } = matchRules(rules, size, skipped);
  const name = (id: number | undefined) => policies.find((policy) => policy.id === id)?.name ?? t('probe.noPolicy');
  const target = winner === undefined ? undefined : name(rules[winner]?.policy_id);
  const outcome = !enabled
    ? t('probe.disabled')
    : target === undefined
      ? t('probe.none', { size: format.bytes(size) })
      : t('probe.goes', { size: format.bytes(size), policy: target });
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('probe.title')}
        </Title>
        <SizeInput label={t('probe.size')} value={size} onChange={setSize} />
        <Group gap="sm" wrap="nowrap" align="flex-start" role="status" data-testid="probe-outcome">
          <ToneIcon tone={enabled && target !== undefined ? 'good' : 'bad'} />
          <Text size="sm" fw={600}>
            {outcome}
          </Text>
        </Group>
        {enabled && (
          <Stack component="ol" gap={4} m={0} p={0} style={{ listStyle: 'none' }}>
            {rules.map((rule, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a rule is known by
              <Text component="li" size="sm" c={index === winner ? undefined : 'dimmed'} key={index}>
                {index + 1}. {name(rule.policy_id)} · {t(`verdict.${verdicts[index] ?? 'later'}`)}
              </Text>
            ))}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}
