import { Button, Card, Group, Select, Stack, Text, Title } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { groups as calls, groupsQuery, type Group as PolicyGroup } from '@/api/groups';
import { overviewQuery } from '@/api/overview';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { tellDone } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

/** Who has a group, and the way for all its users to another one. */
export function AssignedCard({ group }: { group: PolicyGroup }) {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const confirm = useConfirm();
  const [groups, overview] = useQueries({ queries: [groupsQuery, overviewQuery()] });
  const [target, setTarget] = useState<string | null>(null);
  const move = useChange(
    (id: number) => calls.moveUsers(group.id, id),
    [['groups'], ['users'], ['overview'], ['me']],
    ({ affected_users }) => tellDone(t('groups.moved', { count: affected_users })),
  );
  const use = overview.data?.groups.find((each) => each.policy_group_id === group.id);
  const [users, teams] = [use?.users ?? 0, use?.teams ?? 0];
  const others = (groups.data?.items ?? []).filter((each) => each.id !== group.id);
  const ask = async () => {
    const to = others.find((each) => `${each.id}` === target);
    if (!to) return;
    const sure = await confirm({
      title: t('groups.moveTitle', { count: users, name: to.name }),
      text: t('groups.moveText'),
      act: t('groups.move'),
      danger: false,
    });
    if (sure) move.mutate(to.id);
  };
  return (
    <Card>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('groups.assigned')}
        </Title>
        <Loaded query={overview} rows={1}>
          {() => (
            <Text size="sm">
              {t('groups.assignedUsers', { count: users, number: format.count(users) })}
              {' · '}
              {t('groups.assignedTeams', { count: teams, number: format.count(teams) })}
            </Text>
          )}
        </Loaded>
        {users > 0 && others.length > 0 && (
          <>
            {move.error && <Problem error={move.error} />}
            <Group align="flex-end" gap="sm">
              <Select
                flex={1}
                label={t('groups.moveTo')}
                data={others.map((each) => ({ value: `${each.id}`, label: each.name }))}
                value={target}
                onChange={setTarget}
                placeholder={t('groups.moveChoose')}
              />
              <Button variant="default" disabled={target === null} loading={move.isPending} onClick={ask}>
                {t('groups.move')}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Card>
  );
}
