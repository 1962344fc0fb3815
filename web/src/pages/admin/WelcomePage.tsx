import { Button, Card, Group, Stack, Stepper, Text, Title } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groupsQuery } from '@/api/groups';
import { policiesQuery } from '@/api/policies';
import { settingsQuery, siteUrls } from '@/api/settings';
import { Loaded } from '@/components/Loaded';
import { LinkButton } from '@/components/links';
import { Page } from '@/components/Page';

import { PolicyTest } from './policies/PolicyTest';
import { SiteUrlForm } from './SiteUrlForm';

/** After the first setup: where the site is, where files go, and whether a follower comes. */
export function WelcomePage() {
  const { t } = useTranslation('admin');
  const [step, setStep] = useState(0);
  const [settings, policies, groups] = useQueries({ queries: [settingsQuery, policiesQuery, groupsQuery] });
  const next = () => setStep((old) => old + 1);
  return (
    <Page title={t('welcome.title')} about={t('welcome.about')}>
      <Stepper active={step} onStepClick={setStep} maw={760} size="sm">
        <Stepper.Step label={t('welcome.address')}>
          <Loaded query={settings} rows={2}>
            {(page) => (
              <Card mt="md">
                <Stack>
                  <Title order={2} size="h4">
                    {t('welcome.address')}
                  </Title>
                  <SiteUrlForm urls={siteUrls(page)} onDone={next} />
                </Stack>
              </Card>
            )}
          </Loaded>
        </Stepper.Step>
        <Stepper.Step label={t('welcome.storage')}>
          <Card mt="md">
            <Stack>
              <Title order={2} size="h4">
                {t('welcome.storage')}
              </Title>
              <Loaded query={groups} rows={1}>
                {({ items }) => (
                  <Text size="sm">
                    {t('welcome.storageText', { group: items.find((group) => group.is_default)?.name ?? '–' })}
                  </Text>
                )}
              </Loaded>
              <Loaded query={policies} rows={1}>
                {({ items }) => (
                  <>
                    {items.map((policy) => (
                      <Group key={policy.id} justify="space-between" align="flex-start">
                        <div>
                          <Text fw={600}>{policy.name}</Text>
                          <Text size="sm" c="dimmed">
                            {t(`driver.${policy.driver_type}`)} · {policy.base_path}
                          </Text>
                        </div>
                        <PolicyTest policy={policy} />
                      </Group>
                    ))}
                  </>
                )}
              </Loaded>
              <Group justify="flex-end">
                <Button onClick={next}>{t('welcome.next')}</Button>
              </Group>
            </Stack>
          </Card>
        </Stepper.Step>
        <Stepper.Step label={t('welcome.follower')}>
          <Card mt="md">
            <Stack>
              <Title order={2} size="h4">
                {t('welcome.follower')}
              </Title>
              <Text size="sm">{t('welcome.followerText')}</Text>
              <Group justify="flex-end">
                <LinkButton to="/" variant="default">
                  {t('welcome.skip')}
                </LinkButton>
                <LinkButton to="/admin/remote-nodes/new">{t('welcome.addFollower')}</LinkButton>
              </Group>
            </Stack>
          </Card>
        </Stepper.Step>
      </Stepper>
    </Page>
  );
}
