import { Alert, Code, Collapse, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconChevronDown } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import type { Diagnosis } from '@/api/nodes';

const CLASSES = [
  'bad_endpoint',
  'dns_failed',
  'connection_refused',
  'connect_timeout',
  'tls_failed',
  'reply_timeout',
  'connection_broken',
  'not_a_follower_status',
  'not_a_follower_html',
  'redirect',
  'header_missing',
  'invalid_signature',
  'clock_skew',
  'unknown_access_key',
  'binding_disabled',
  'version_mismatch',
  'requirements_missing',
  'follower_error',
  'ingress_target_missing',
  'ingress_target_failed',
] as const;
type DiagnosisClass = (typeof CLASSES)[number];

const isKnown = (name: string): name is DiagnosisClass => CLASSES.some((known) => known === name);

/** The trouble in a few words; a class of a later server is told by its hint alone. */
export function useTrouble() {
  const { t } = useTranslation('nodes');
  return (diagnosis: Diagnosis) =>
    isKnown(diagnosis.class) ? t(`diagnosis.${diagnosis.class}.title`) : t('diagnosis.other');
}

/** Whether a failed call carries a diagnosis as its detail. */
export function diagnosisOf(detail: unknown): Diagnosis | undefined {
  const candidate = detail as Partial<Diagnosis> | null | undefined;
  return typeof candidate?.class === 'string' && typeof candidate.hint === 'string'
    ? (candidate as Diagnosis)
    : undefined;
}

/** What is wrong with a follower and what to do; what was seen on the wire opens below it. */
export function DiagnosisView({ diagnosis }: { diagnosis: Diagnosis }) {
  const { t } = useTranslation('nodes');
  const [opened, { toggle }] = useDisclosure();
  const trouble = useTrouble();
  const mild = diagnosis.class === 'ingress_target_missing';
  return (
    <Alert
      color={mild ? 'yellow' : 'red'}
      icon={<IconAlertTriangle aria-hidden />}
      title={trouble(diagnosis)}
      data-testid="diagnosis"
    >
      <Stack gap="xs">
        <Text size="sm">{isKnown(diagnosis.class) ? t(`diagnosis.${diagnosis.class}.hint`) : diagnosis.hint}</Text>
        <UnstyledButton onClick={toggle} aria-expanded={opened} fz="sm" fw={600}>
          <IconChevronDown
            size={16}
            aria-hidden
            style={{ verticalAlign: 'middle', transform: opened ? 'rotate(180deg)' : undefined }}
          />{' '}
          {t('diagnosis.details')}
        </UnstyledButton>
        <Collapse expanded={opened}>
          <dl className="facts" lang="en">
            <dt lang={undefined}>{t('diagnosis.called')}</dt>
            <dd>
              <Code>{diagnosis.url || '–'}</Code>
            </dd>
            {diagnosis.status !== null && (
              <>
                <dt>{t('diagnosis.status')}</dt>
                <dd>{diagnosis.status}</dd>
              </>
            )}
            {diagnosis.transport_error && (
              <>
                <dt>{t('diagnosis.transport')}</dt>
                <dd>{diagnosis.transport_error}</dd>
              </>
            )}
            {diagnosis.body_start && (
              <>
                <dt>{t('diagnosis.body')}</dt>
                <dd>
                  <Code block>{diagnosis.body_start}</Code>
                </dd>
              </>
            )}
            <dt>{t('diagnosis.says')}</dt>
            <dd>{diagnosis.hint}</dd>
          </dl>
        </Collapse>
      </Stack>
    </Alert>
  );
}
