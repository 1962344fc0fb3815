import { Alert, Button, Card, Group, Select, Stack, Switch, Text, Title } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { overviewQuery } from '@/api/overview';
import { type Policy, policiesQuery } from '@/api/policies';
import { type DryRun, type MigrationRequest, migrations } from '@/api/tasks';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { tellDone } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { DryRunReport } from './DryRunReport';

const route = getRouteApi('/signed-in/admin/tasks/migrate');

export function MigrationPage() {
  const { t } = useTranslation('console');
  const query = useQuery(policiesQuery);
  return (
    <Page
      title={t('migration.title')}
      about={t('migration.about')}
      above={[
        <LinkAnchor key="tasks" to="/admin/tasks" size="sm">
          {t('tasks.title')}
        </LinkAnchor>,
      ]}
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length < 2 ? (
            <Alert color="yellow" title={t('migration.onePolicy')}>
              <LinkAnchor to="/admin/policies/new" size="sm">
                {t('migration.newPolicy')}
              </LinkAnchor>
            </Alert>
          ) : (
            <MigrationForm policies={items} />
          )
        }
      </Loaded>
    </Page>
  );
}

function MigrationForm({ policies }: { policies: Policy[] }) {
  const { t } = useTranslation('console');
  const navigate = useNavigate();
  const { from } = route.useSearch();
  const [source, setSource] = useState(policies.find((policy) => policy.id === from)?.id);
  const [target, setTarget] = useState<number>();
  const [clears, setClears] = useState(false);
  const check = useMutation({ mutationFn: migrations.dryRun, networkMode: 'always' });
  const start = useChange(migrations.start, [['tasks'], ['overview']], (task) => {
    tellDone(t('migration.started'));
    return navigate({ to: '/admin/tasks/$taskId', params: { taskId: task.id } });
  });
  const wanted: MigrationRequest | undefined =
    source !== undefined && target !== undefined
      ? { source_policy_id: source, target_policy_id: target, delete_source_after_success: clears }
      : undefined;
  // What was found holds for what was asked only.
  const found = check.data && wanted && answers(check.data, wanted) ? check.data : undefined;
  return (
    <Stack maw={860}>
      <Card>
        <Stack>
          <Group grow align="flex-end" preventGrowOverflow={false}>
            <PolicySelect
              label={t('migration.source')}
              policies={policies}
              value={source}
              onChange={setSource}
              except={target}
            />
            <IconArrowRight size={20} aria-hidden style={{ flex: '0 0 20px', marginBottom: 8 }} />
            <PolicySelect
              label={t('migration.target')}
              policies={policies}
              value={target}
              onChange={setTarget}
              except={source}
            />
          </Group>
          <Switch
            label={t('migration.clears')}
            description={t('migration.clearsAbout')}
            checked={clears}
            onChange={(event) => setClears(event.currentTarget.checked)}
          />
          {check.error && <Problem error={check.error} />}
          <Group justify="flex-end">
            <Button
              variant={found ? 'default' : 'filled'}
              disabled={!wanted}
              loading={check.isPending}
              onClick={() => wanted && check.mutate(wanted)}
            >
              {t('migration.check')}
            </Button>
          </Group>
        </Stack>
      </Card>
      {found && wanted && (
        <Card>
          <Stack>
            <Title order={2} size="h4">
              {t('migration.found')}
            </Title>
            <DryRunReport found={found} />
            {start.error && <Problem error={start.error} />}
            <Group justify="flex-end">
              {found.blobs === 0 && (
                <Text size="sm" c="dimmed">
                  {t('migration.nothing')}
                </Text>
              )}
              <Button
                disabled={!found.can_start || found.blobs === 0}
                loading={start.isPending}
                onClick={() => start.mutate(wanted)}
              >
                {t('migration.start')}
              </Button>
            </Group>
          </Stack>
        </Card>
      )}
    </Stack>
  );
}

function answers(found: DryRun, wanted: MigrationRequest): boolean {
  return found.source_policy_id === wanted.source_policy_id && found.target_policy_id === wanted.target_policy_id;
}

interface SelectProps {
  label: string;
  policies: Policy[];
  value: number | undefined;
  except: number | undefined;
  onChange: (id: number) => void;
}

function PolicySelect({ label, policies, value, except, onChange }: SelectProps) {
  const { t } = useTranslation('console');
  const format = useFormat();
  const overview = useQuery(overviewQuery());
  const bytes = (id: number) => overview.data?.policies.find((use) => use.policy_id === id)?.bytes ?? 0;
  return (
    <Select
      label={label}
      data={policies
        .filter((policy) => policy.id !== except)
        .map((policy) => ({ value: `${policy.id}`, label: `${policy.name} · ${format.bytes(bytes(policy.id))}` }))}
      value={value === undefined ? null : `${value}`}
      onChange={(chosen) => chosen && onChange(Number(chosen))}
      placeholder={t('migration.choose')}
      allowDeselect={false}
    />
  );
}
