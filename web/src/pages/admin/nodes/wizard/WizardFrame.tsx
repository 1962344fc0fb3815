import { Box, Grid, Group, Stepper, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { isOpen, STEPS, type Step } from './steps';

interface Props {
  shown: Step | 'done';
  next: Step | 'done';
  onShow: (step: Step) => void;
  children: ReactNode;
}

/** The steps beside the one that is shown. On narrow screens a line says where one is. */
export function WizardFrame({ shown, next, onShow, children }: Props) {
  const { t } = useTranslation('nodes');
  const wide = useMediaQuery('(min-width: 62em)', false, { getInitialValueInEffect: false });
  const at = shown === 'done' ? STEPS.length : STEPS.indexOf(shown);
  const reached = next === 'done' ? STEPS.length : STEPS.indexOf(next);
  if (!wide) {
    const number = Math.min(at + 1, STEPS.length);
    return (
      <Box>
        {shown !== 'done' && (
          <Group gap="xs" mb="sm">
            <Text fw={600}>{t(`step.${shown}`)}</Text>
            <Text size="sm" c="dimmed">
              {t('wizard.stepOf', { number, count: STEPS.length })}
            </Text>
          </Group>
        )}
        {children}
      </Box>
    );
  }
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, md: 4, lg: 3 }}>
        <Stepper
          active={reached}
          orientation="vertical"
          size="sm"
          onStepClick={(index) => {
            const step = STEPS[index];
            if (step) onShow(step);
          }}
          aria-label={t('wizard.steps')}
        >
          {STEPS.map((step) => (
            <Stepper.Step
              key={step}
              label={t(`step.${step}`)}
              description={t(`stepAbout.${step}`)}
              allowStepSelect={isOpen(step, next)}
              aria-current={step === shown ? 'step' : undefined}
              data-step={step}
            />
          ))}
        </Stepper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>{children}</Grid.Col>
    </Grid>
  );
}
