import { ActionIcon, Alert, Button, Card, Group, Select, SimpleGrid, Stack, Text, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { Policy } from '@/api/policies';
import { SizeInput } from '@/components/SizeInput';
import { useFormat } from '@/i18n/format';

import { type DraftRule, gaps, ruleProblems } from './rules';

interface Props {
  rules: DraftRule[];
  policies: Policy[];
  /** What the server said about a rule, by index. */
  errors: Record<number, string>;
  showProblems: boolean;
  onChange: (rules: DraftRule[]) => void;
}

/** The rules in the order they are asked; the first that takes a file wins. */
export function RuleEditor({ rules, policies, errors, showProblems, onChange }: Props) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const problems = ruleProblems(rules);
  const open = gaps(rules);
  const change = (index: number, part: Partial<DraftRule>) =>
    onChange(rules.map((rule, at) => (at === index ? { ...rule, ...part } : rule)));
  const move = (index: number, by: number) => {
    const next = [...rules];
    const [rule] = next.splice(index, 1);
    if (rule) next.splice(index + by, 0, rule);
    onChange(next);
  };
  const unused = policies.find((policy) => !rules.some((rule) => rule.policy_id === policy.id));
  const problemText = (index: number) => {
    const problem = problems.get(index);
    return errors[index] ?? (showProblems && problem ? t(`rule.problem.${problem}`) : undefined);
  };
  return (
    <Stack gap="sm">
      {rules.map((rule, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a rule is known by
        <Card key={index} padding="md" radius="md" role="group" aria-label={t('rule.place', { place: index + 1 })}>
          <Group justify="space-between" mb="xs" wrap="nowrap">
            <Text size="sm" fw={600}>
              {t('rule.place', { place: index + 1 })}
            </Text>
            <Group gap={4} wrap="nowrap">
              <Tool label={t('rule.up')} disabled={index === 0} onClick={() => move(index, -1)}>
                <IconArrowUp size={16} aria-hidden />
              </Tool>
              <Tool label={t('rule.down')} disabled={index === rules.length - 1} onClick={() => move(index, 1)}>
                <IconArrowDown size={16} aria-hidden />
              </Tool>
              <Tool
                label={t('rule.remove')}
                disabled={rules.length === 1}
                onClick={() => onChange(rules.filter((_, at) => at !== index))}
              >
                <IconTrash size={16} aria-hidden />
              </Tool>
            </Group>
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <Select
              label={t('rule.policy')}
              data={policies.map((policy) => ({ value: `${policy.id}`, label: policy.name }))}
              value={rule.policy_id ? `${rule.policy_id}` : null}
              onChange={(value) => change(index, { policy_id: Number(value) })}
              error={problemText(index)}
              allowDeselect={false}
              searchable={policies.length > 8}
              placeholder={t('rule.choose')}
            />
            <SizeInput
              label={t('rule.from')}
              value={rule.min_file_size}
              onChange={(bytes) => change(index, { min_file_size: bytes })}
            />
            <SizeInput
              label={t('rule.below')}
              zero={t('rule.noBound')}
              value={rule.max_file_size}
              onChange={(bytes) => change(index, { max_file_size: bytes })}
            />
          </SimpleGrid>
        </Card>
      ))}
      <Group>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => onChange([...rules, { policy_id: unused?.id ?? 0, min_file_size: 0, max_file_size: 0 }])}
        >
          {t('rule.add')}
        </Button>
      </Group>
      {open.length > 0 && (
        <Alert color="yellow" title={t('rule.gapTitle')}>
          {open
            .map(({ from, to }) =>
              to === undefined
                ? t('rule.gapFrom', { from: format.bytes(from) })
                : t('rule.gapBetween', { from: format.bytes(from), to: format.bytes(to) }),
            )
            .join(' ')}
        </Alert>
      )}
    </Stack>
  );
}

interface ToolProps {
  label: string;
  disabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}

function Tool({ label, disabled, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
