import { Alert, Button, Card, Grid, Group, Stack, Switch, Textarea, TextInput, Title } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { fieldProblems } from '@/api/errors';
import { type GroupRequest, groupQuery, groups, type Group as PolicyGroup } from '@/api/groups';
import { type Node, nodesQuery } from '@/api/nodes';
import { type Policy, policiesQuery } from '@/api/policies';
import { useChange } from '@/app/queries';
import { Loaded, Loading } from '@/components/Loaded';
import { LinkAnchor } from '@/components/links';
import { tellDone, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { Problem } from '@/components/Problem';
import { UnsavedGuard } from '@/components/UnsavedGuard';
import { useConfirm } from '@/components/useConfirm';
import { useServerForm } from '@/components/useServerForm';

import { ImpactNote } from '../ImpactNote';
import { AssignedCard } from './AssignedCard';
import { RuleEditor } from './RuleEditor';
import { RuleProbe } from './RuleProbe';
import { type DraftRule, inOrder, ruleProblems, skippedPolicies, withPriorities } from './rules';

const route = getRouteApi('/signed-in/admin/policy-groups/$groupId');

export function GroupPage() {
  const { groupId } = route.useParams();
  const query = useQuery(groupQuery(groupId));
  return <Loaded query={query}>{(group) => <Editor key={group.updated_at} group={group} />}</Loaded>;
}

export function NewGroupPage() {
  return <Editor group={undefined} />;
}

function Editor({ group }: { group: PolicyGroup | undefined }) {
  const { t } = useTranslation(['admin', 'common']);
  const [policies, nodes] = useQueries({ queries: [policiesQuery, nodesQuery] });
  const remove = useRemoval(group);
  return (
    <Page
      title={group?.name ?? t('groups.add')}
      about={t('groups.editAbout')}
      above={[
        <LinkAnchor key="groups" to="/admin/policy-groups" size="sm">
          {t('groups.title')}
        </LinkAnchor>,
      ]}
      actions={
        group && (
          <Button variant="default" c="var(--aster-bad)" onClick={remove}>
            {t('common:action.delete')}
          </Button>
        )
      }
    >
      {policies.error && <Problem error={policies.error} retry={() => void policies.refetch()} />}
      {policies.data && nodes.data ? (
        <GroupForm group={group} policies={policies.data.items} nodes={nodes.data.items} />
      ) : (
        !policies.error && <Loading />
      )}
    </Page>
  );
}

function useRemoval(group: PolicyGroup | undefined) {
  const { t } = useTranslation(['admin', 'common']);
  const confirm = useConfirm();
  const tell = useTellFailure();
  const navigate = useNavigate();
  const remove = useChange(
    (id: number) => groups.remove(id),
    [['groups'], ['overview']],
    () => navigate({ to: '/admin/policy-groups' }),
  );
  return async () => {
    if (!group) return;
    const sure = await confirm({
      title: t('groups.removeTitle', { name: group.name }),
      text: (
        <>
          {t('groups.removeText')}
          <ImpactNote of={{ group }} />
        </>
      ),
      act: t('common:action.delete'),
    });
    if (sure) remove.mutate(group.id, { onError: tell });
  };
}

interface FormProps {
  group: PolicyGroup | undefined;
  policies: Policy[];
  nodes: Node[];
}

function GroupForm({ group, policies, nodes }: FormProps) {
  const { t } = useTranslation(['admin', 'common']);
  const navigate = useNavigate();
  const first: DraftRule[] = group
    ? inOrder(group.items).map(({ policy_id, min_file_size, max_file_size }) => ({
        policy_id,
        min_file_size,
        max_file_size,
      }))
    : [{ policy_id: policies[0]?.id ?? 0, min_file_size: 0, max_file_size: 0 }];
  const [rules, setRules] = useState(first);
  const [ruleErrors, setRuleErrors] = useState<Record<number, string>>({});
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: {
      name: group?.name ?? '',
      description: group?.description ?? '',
      is_enabled: group?.is_enabled ?? true,
      is_default: group?.is_default ?? false,
    },
    names: { items: 'items' },
  });
  const save = useChange(
    (request: GroupRequest) => (group ? groups.change(group.id, request) : groups.create(request)),
    [['groups']],
  );
  const changed = form.isDirty() || JSON.stringify(rules) !== JSON.stringify(first);
  const act = submit(async (values) => {
    setTried(true);
    setRuleErrors({});
    if (ruleProblems(rules).size > 0) return;
    try {
      const { id } = await save.mutateAsync({ ...values, items: withPriorities(rules) });
      setSaved(true);
      tellDone(t('groups.saved'));
      if (!group) await navigate({ to: '/admin/policy-groups/$groupId', params: { groupId: id }, ignoreBlocker: true });
    } catch (error) {
      setRuleErrors(errorsOfRules(error));
      throw error;
    }
  });
  return (
    <form onSubmit={act} noValidate>
      <UnsavedGuard unsaved={changed && !saved} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack>
            {problem !== undefined && <Problem error={problem} />}
            <Card>
              <Stack>
                <TextInput label={t('groups.name')} required {...form.getInputProps('name')} />
                <Textarea label={t('groups.description')} autosize {...form.getInputProps('description')} />
                <Switch
                  label={t('groups.isEnabled')}
                  description={t('groups.isEnabledAbout')}
                  {...form.getInputProps('is_enabled', { type: 'checkbox' })}
                />
                {group?.is_enabled && !form.values.is_enabled && (
                  <Alert color="yellow" title={t('groups.disableTitle')}>
                    <ImpactNote of={{ group }} />
                  </Alert>
                )}
                <Switch
                  label={t('groups.isDefault')}
                  description={t('groups.isDefaultAbout')}
                  disabled={group?.is_default ?? false}
                  {...form.getInputProps('is_default', { type: 'checkbox' })}
                />
              </Stack>
            </Card>
            <Title order={2} size="h4">
              {t('groups.rules')}
            </Title>
            <RuleEditor
              rules={rules}
              policies={policies}
              errors={ruleErrors}
              showProblems={tried}
              onChange={(next) => {
                setRules(next);
                setRuleErrors({});
              }}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={busy} disabled={group !== undefined && !changed}>
                {group ? t('common:action.save') : t('groups.create')}
              </Button>
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack>
            <RuleProbe
              groupId={group?.id}
              rules={rules}
              policies={policies}
              skipped={skippedPolicies(policies, nodes)}
              enabled={form.values.is_enabled}
              forUsers
            />
            {group && <AssignedCard group={group} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </form>
  );
}

/** What the server says about `items[2].priority` stands beside the third rule. */
function errorsOfRules(error: unknown): Record<number, string> {
  const found: Record<number, string> = {};
  for (const { field, message } of fieldProblems(error)) {
    const index = /^items\[(\d+)\]/.exec(field)?.[1];
    if (index !== undefined) found[Number(index)] = message;
  }
  return found;
}
