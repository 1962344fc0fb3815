import { Alert, Card, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { bootstrapQuery } from '@/api/bootstrap';
import { settingsQuery, siteUrls } from '@/api/settings';
import { LinkAnchor } from '@/components/links';
import { StateBadge } from '@/components/StateBadge';

/** The address in the browser must be one the server knows, or its own pages may not change anything. */
export function SiteUrlWarning() {
  const { t } = useTranslation('admin');
  const settings = useQuery(settingsQuery);
  if (!settings.data) return null;
  const urls = siteUrls(settings.data);
  if (urls.includes(window.location.origin)) return null;
  return (
    <Alert color="yellow" title={urls.length === 0 ? t('overview.noSiteUrl') : t('overview.otherSiteUrl')}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{t('overview.siteUrlText', { origin: window.location.origin })}</Text>
        <LinkAnchor to="/admin/settings" size="sm">
          {t('overview.toSettings')}
        </LinkAnchor>
      </Stack>
    </Alert>
  );
}

/** How far the declared bootstrap is, as long as it is not through. */
export function BootstrapCard() {
  const { t } = useTranslation('admin');
  const query = useQuery(bootstrapQuery);
  if (!query.data?.declared || query.data.satisfied) return null;
  return (
    <Card>
      <Title order={2} size="h4">
        {t('bootstrap.title')}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {t('bootstrap.about')}
      </Text>
      <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
        {query.data.steps.map((step) => (
          <Group component="li" key={`${step.kind}/${step.node ?? ''}/${step.name}`} gap="sm" align="flex-start">
            <StateBadge tone={step.state === 'done' ? 'good' : step.state === 'failed' ? 'bad' : 'wait'}>
              {t(`bootstrap.${step.state}`)}
            </StateBadge>
            <div>
              <Text size="sm">{[step.node, step.name].filter(Boolean).join(' / ')}</Text>
              {step.message && (
                <Text size="xs" c="dimmed" lang="en">
                  {step.message}
                </Text>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
