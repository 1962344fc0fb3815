import { Alert, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { type Node, nodes } from '@/api/nodes';
import type { Target } from '@/api/targets';
import { useChange } from '@/app/queries';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';
import { SiteUrlForm } from '../../SiteUrlForm';
import { CapabilityReport } from '../CapabilityReport';
import { DiagnosisView } from '../DiagnosisView';
import { EnrollPanel } from '../EnrollPanel';
import { TargetForm } from '../TargetForm';
import { TargetsCard } from '../TargetsCard';
import { useNodeTest } from '../useNodeTest';
import { StepCard } from './StepCard';

/** Where this site is: what the follower will be told. */
export function SiteStep({ urls, onDone }: { urls: string[]; onDone: () => void }) {
  const { t } = useTranslation('nodes');
  return (
    <StepCard title={t('step.site')} about={t('site.about')}>
      <SiteUrlForm urls={urls} onDone={onDone} />
    </StepCard>
  );
}

export function NameStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const rename = useChange(({ name }: { name: string }) => nodes.change(node.id, { name }), [['nodes']]);
  const { form, problem, submit, busy } = useServerForm({ initialValues: { name: node.name } });
  return (
    <StepCard title={t('step.name')} about={t('name.fixed', { namespace: node.namespace })}>
      <form onSubmit={submit((values) => rename.mutateAsync(values))}>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput label={t('name.name')} required {...form.getInputProps('name')} />
          <Group justify="flex-end">
            <Button type="submit" loading={busy}>
              {t('wizard.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function AddressStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const enrolled = node.enrollment_status === 'completed';
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { base_url: node.base_url },
    validate: {
      base_url: (text) => (/^https?:\/\/[^/\s]/i.test(text.trim()) ? null : t('address.rule')),
    },
  });
  const change = useChange((base_url: string) => nodes.change(node.id, { base_url }), [['nodes']]);
  // Making the token is what "none yet" leads to, and what the next visit sees of the choice.
  const skip = useChange(() => nodes.issueToken(node.id, false), [['nodes']]);
  return (
    <StepCard title={t('step.address')} about={enrolled ? t('address.aboutMissing') : t('address.about')}>
      <form onSubmit={submit(({ base_url }) => change.mutateAsync(base_url))} noValidate>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          {skip.error && <Problem error={skip.error} />}
          <TextInput
            label={t('address.label')}
            description={t('address.labelAbout')}
            placeholder="https://follower.example.com"
            inputMode="url"
            autoCapitalize="none"
            spellCheck={false}
            required
            {...form.getInputProps('base_url')}
          />
          <Group justify="flex-end">
            {!enrolled && node.base_url === '' && (
              <Button variant="default" loading={skip.isPending} onClick={() => skip.mutate(undefined)}>
                {t('address.none')}
              </Button>
            )}
            <Button type="submit" loading={busy}>
              {t('wizard.continue')}
            </Button>
          </Group>
        </Stack>
      </form>
    </StepCard>
  );
}

export function EnrollStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  if (node.enrollment_status === 'completed') {
    return (
      <StepCard title={t('step.enroll')} about={t('enroll.doneAbout')}>
        <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('enroll.done')} />
      </StepCard>
    );
  }
  return (
    <Stack>
      <div>
        <Title order={2} size="h4">
          {t('step.enroll')}
        </Title>
        <Text c="dimmed" size="sm" mt={4} maw="70ch">
          {t('enroll.about')}
        </Text>
      </div>
      <EnrollPanel node={node} />
    </Stack>
  );
}

export function TestStep({ node }: { node: Node }) {
  const { t } = useTranslation('nodes');
  const test = useNodeTest(node.id);
  const enable = useChange(() => nodes.change(node.id, { is_enabled: true }), [['nodes']]);
  const mutate = test.mutate;
  const begun = useRef(false);
  const fresh = node.last_checked_at === null && node.is_enabled && node.base_url !== '';
  // A follower that has just come is tested at once: nobody should have to ask for the obvious.
  useEffect(() => {
    if (!fresh || begun.current) return;
    begun.current = true;
    mutate(undefined);
  }, [fresh, mutate]);
  return (
    <Stack>
      <StepCard title={t('step.test')} about={t('test.about')}>
        {!node.is_enabled && (
          <Alert color="yellow" title={t('state.disabled')}>
            <Stack gap="xs" align="flex-start">
              <Text size="sm">{t('test.disabled')}</Text>
              <Button size="xs" loading={enable.isPending} onClick={() => enable.mutate(undefined)}>
                {t('page.enable')}
              </Button>
            </Stack>
          </Alert>
        )}
        {node.diagnosis && <DiagnosisView diagnosis={node.diagnosis} />}
        {test.error && <Problem error={test.error} />}
        {!node.diagnosis && node.last_checked_at && !test.isPending && (
          <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('test.passed')} />
        )}
        <Group>
          <Button loading={test.isPending} onClick={() => test.mutate(undefined)}>
            {t('test.run')}
          </Button>
          <Text size="sm" c="dimmed">
            {node.base_url}
          </Text>
        </Group>
      </StepCard>
      <CapabilityReport node={node} />
    </Stack>
  );
}

export function TargetStep({ node, targets }: { node: Node; targets: Target[] | undefined }) {
  const { t } = useTranslation('nodes');
  const first = targets?.length === 0;
  return (
    <Stack>
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} title={t('target.testPassed')} />
      {first ? (
        <StepCard title={t('step.target')} about={t('target.about')}>
          <TargetForm nodeId={node.id} first onDone={() => {}} />
        </StepCard>
      ) : (
        <TargetsCard node={node} />
      )}
      <CapabilityReport node={node} />
    </Stack>
  );
}
