import { Alert, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type PolicyMatch, userMatchQuery } from '@/api/groups';
import type { Policy } from '@/api/policies';
import { Loading } from '@/components/Loaded';
import { Problem } from '@/components/Problem';
import { SizeInput } from '@/components/SizeInput';
import { ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { UserSelect } from '../UserSelect';
import { type DraftRule, matchRules, type Verdict } from './rules';

const TYPING_MS = 250;

interface Props {
  /** The group on the screen; absent while it is new. */
  groupId?: number | undefined;
  rules: readonly DraftRule[];
  policies: Policy[];
  skipped: ReadonlySet<number>;
  enabled: boolean;
  /** Whether a user can be chosen; on a user's own page that is settled. */
  forUsers?: boolean;
}

/** "Where would a file of this size go?" For the rules on the screen, saved or not, or for a user as things are. */
export function RuleProbe({ groupId, rules, policies, skipped, enabled, forUsers = false }: Props) {
  const { t } = useTranslation('admin');
  const [size, setSize] = useState(100 * 1024 * 1024);
  const [user, setUser] = useState<number | null>(null);
  const { verdicts, winner } = matchRules(rules, size, skipped);
  const name = (id: number | undefined) => policies.find((policy) => policy.id === id)?.name ?? t('probe.noPolicy');
  const lines = rules.map((rule, index) => ({
    key: index,
    name: name(rule.policy_id),
    verdict: verdicts[index] ?? 'later',
  }));
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('probe.title')}
        </Title>
        <SizeInput label={t('probe.size')} value={size} onChange={setSize} />
        {forUsers && (
          <UserSelect
            label={t('probe.user')}
            description={t('probe.userAbout')}
            value={user}
            onChange={setUser}
            placeholder={t('probe.anybody')}
            clearable
            clearButtonProps={{ 'aria-label': t('probe.anybody') }}
          />
        )}
        {user === null ? (
          <Answer
            size={size}
            enabled={enabled}
            target={winner === undefined ? undefined : name(rules[winner]?.policy_id)}
            lines={lines}
          />
        ) : (
          <AnswerForUser userId={user} size={size} groupId={groupId} />
        )}
      </Stack>
    </Card>
  );
}

/** What the server itself says, from what is saved. */
function AnswerForUser({ userId, size, groupId }: { userId: number; size: number; groupId: number | undefined }) {
  const { t } = useTranslation('admin');
  const [asked] = useDebouncedValue(size, TYPING_MS);
  const query = useQuery(userMatchQuery(userId, asked));
  const match = query.data;
  if (query.error) return <Problem error={query.error} title={t('probe.noAnswer')} />;
  if (!match) return <Loading rows={1} />;
  return (
    <>
      {match.group_id !== groupId && (
        <Alert color="yellow" p="xs">
          <Text size="sm">{t('probe.otherGroup', { group: match.group_name })}</Text>
        </Alert>
      )}
      <Answer
        size={match.size}
        enabled={match.is_enabled}
        target={match.policy_name ?? undefined}
        lines={match.rules.map((rule) => ({
          key: rule.rule_id,
          name: rule.policy_name,
          verdict: verdictOf(rule, match.size),
        }))}
      />
    </>
  );
}

/** Why the server passed a rule over, in our words: its sentences are English. */
function verdictOf(rule: PolicyMatch['rules'][number], size: number): Verdict {
  if (rule.outcome === 'chosen') return 'takes';
  if (size < rule.min_file_size) return 'tooLarge';
  if (rule.max_file_size !== 0 && size >= rule.max_file_size) return 'tooSmall';
  return rule.outcome === 'skipped' ? 'nodeDisabled' : 'later';
}

interface AnswerProps {
  size: number;
  enabled: boolean;
  target: string | undefined;
  lines: { key: number; name: string; verdict: Verdict }[];
}

function Answer({ size, enabled, target, lines }: AnswerProps) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const outcome = !enabled
    ? t('probe.disabled')
    : target === undefined
      ? t('probe.none', { size: format.bytes(size) })
      : t('probe.goes', { size: format.bytes(size), policy: target });
  return (
    <>
      <Group gap="sm" wrap="nowrap" align="flex-start" role="status" data-testid="probe-outcome">
        <ToneIcon tone={enabled && target !== undefined ? 'good' : 'bad'} />
        <Text size="sm" fw={600}>
          {outcome}
        </Text>
      </Group>
      {enabled && (
        <Stack component="ol" gap={4} m={0} p={0} style={{ listStyle: 'none' }}>
          {lines.map((line, index) => (
            <Text component="li" size="sm" c={line.verdict === 'takes' ? undefined : 'dimmed'} key={line.key}>
              {index + 1}. {line.name} · {t(`verdict.${line.verdict}`)}
            </Text>
          ))}
        </Stack>
      )}
    </>
  );
}
