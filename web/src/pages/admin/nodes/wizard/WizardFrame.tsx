import { Box, Button, Grid, Group, Progress, Stepper, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconArrowLeft } from '@tabler/icons-react';
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
    const back = STEPS[at - 1];
    return (
      <Box>
        {shown !== 'done' && (
          <Box mb="md">
            <Group justify="space-between" mih={30}>
              <Text size="sm" c="dimmed">
                {t('wizard.stepOf', { number, count: STEPS.length })}
              </Text>
              {back && (
                <Button
                  size="compact-sm"
                  variant="subtle"
                  leftSection={<IconArrowLeft size={14} aria-hidden />}
                  onClick={() => onShow(back)}
                >
                  {t(`step.${back}`)}
                </Button>
              )}
            </Group>
            <Progress value={(reached / STEPS.length) * 100} size="sm" aria-label={t('wizard.steps')} />
          </Box>
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
