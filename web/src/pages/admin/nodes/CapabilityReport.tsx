import { Box, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { healthQuery } from '@/api/health';
import type { Node } from '@/api/nodes';
import { Problem } from '@/components/Problem';
import { type Tone, ToneIcon } from '@/components/StateBadge';
import { useFormat } from '@/i18n/format';

import { type BrowserOutcome, checkFromBrowser } from './browserCheck';
import { type Check, checksOf } from './checks';

interface LineProps {
  tone: Tone;
  label: string;
  value?: string;
  hint?: string | undefined;
}

function Line({ tone, label, value, hint }: LineProps) {
  const { t } = useTranslation('nodes');
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start" data-tone={tone}>
      <Box pt={2} role="img" aria-label={t(`tone.${tone}`)}>
        <ToneIcon tone={tone} />
      </Box>
      <div style={{ minWidth: 0 }}>
        <Text size="sm">
          {label}
          {value && (
            <Text span c="dimmed" inherit>
              {' '}
              · {value}
            </Text>
          )}
        </Text>
        {hint && (
          <Text size="sm" c={tone === 'bad' ? 'var(--aster-bad)' : 'var(--aster-warn)'}>
            {hint}
          </Text>
        )}
      </div>
    </Group>
  );
}

/** The capability summary: a line for each requirement, with what to do where one is not met. */
export function CapabilityReport({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const health = useQuery(healthQuery);
  const checks = checksOf(node, health.data?.version);
  const kinds = ['connection', 'machine', 'feature'] as const;
  const text = useCheckText();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: 'start' }} data-testid="capabilities">
      <Stack>
        {kinds.slice(0, 2).map((kind) => (
          <Lines key={kind} title={t(`checks.${kind}`)}>
            {checks
              .filter((check) => check.kind === kind)
              .map((check) => (
                <Line key={check.id} tone={check.tone} {...text(check)} />
              ))}
          </Lines>
        ))}
        <BrowserTest node={node} />
      </Stack>
      <Lines title={t('checks.feature')}>
        {checks
          .filter((check) => check.kind === 'feature')
          .map((check) => (
            <Line key={check.id} tone={check.tone} {...text(check)} />
          ))}
      </Lines>
    </SimpleGrid>
  );
}

function Lines({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Card>
      <Title order={3} size="h5" mb="sm">
        {title}
      </Title>
      <Stack component="ul" gap={8} m={0} p={0} style={{ listStyle: 'none' }}>
        {children}
      </Stack>
    </Card>
  );
}

function useCheckText() {
  const { t } = useTranslation('nodes');
  const format = useFormat();
  return (check: Check): { label: string; value?: string; hint?: string } => {
    const { ms, free, total, text, bytes } = check.value ?? {};
    const space =
      free !== undefined && total !== undefined
        ? t('check.ofTotal', { free: format.bytes(free), total: format.bytes(total) })
        : undefined;
    const measured = ms === undefined ? undefined : format.duration(ms);
    const value = space ?? measured ?? (bytes === undefined ? undefined : format.bytes(bytes));
    const shown = value ?? (check.id === 'protocol' || check.id === 'version' ? text : undefined);
    const hint = check.hint
      ? t(`hint.${check.hint}` as 'hint.clock', { missing: format.list(check.missing ?? []), detail: text ?? '' })
      : undefined;
    return { label: t(`check.${check.id}`), ...(shown && { value: shown }), ...(hint && { hint }) };
  };
}

/** Whether this very browser may transfer objects to and from the follower, which presigned policies need. */
function BrowserTest({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const check = useMutation({ mutationFn: () => checkFromBrowser(node.id), networkMode: 'always' });
  const ready = node.enrollment_status === 'completed' && node.base_url !== '' && node.is_enabled;
  return (
    <Card>
      <Title order={3} size="h5" mb={4}>
        {t('browser.title')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('browser.about')}
      </Text>
      <Stack gap="sm">
        <div aria-live="polite">{check.data && <BrowserResult outcome={check.data} />}</div>
        {check.error && <Problem error={check.error} />}
        <Group>
          <Button
            size="xs"
            variant="default"
            disabled={!ready}
            loading={check.isPending}
            onClick={() => check.mutate()}
          >
            {t('browser.start')}
          </Button>
          {check.data?.kind === 'reload' && (
            <Button size="xs" onClick={() => window.location.reload()}>
              {t('browser.reloadNow')}
            </Button>
          )}
        </Group>
      </Stack>
    </Card>
  );
}

function BrowserResult({ outcome }: { outcome: BrowserOutcome }) {
  const { t } = useTranslation('nodes');
  const format = useFormat();
  const tone: Tone = outcome.kind === 'passed' ? 'good' : outcome.kind === 'reload' ? 'warn' : 'bad';
  const hints: Record<BrowserOutcome['kind'], string | undefined> = {
    passed: undefined,
    reload: t('browser.reload'),
    mixed: t('browser.mixed'),
    blocked: outcome.kind === 'blocked' ? t('browser.blocked', { url: outcome.url }) : undefined,
    status: outcome.kind === 'status' ? t('browser.status', { status: outcome.status }) : undefined,
    headers: outcome.kind === 'headers' ? t('browser.headers', { missing: format.list(outcome.missing) }) : undefined,
  };
  const label = outcome.kind === 'passed' ? t('browser.passed') : t('browser.failed');
  const value = outcome.kind === 'passed' ? { value: format.duration(outcome.ms) } : {};
  return (
    <Stack component="ul" m={0} p={0} style={{ listStyle: 'none' }} data-testid="browser-outcome">
      <Line tone={tone} label={label} hint={hints[outcome.kind]} {...value} />
    </Stack>
  );
}
