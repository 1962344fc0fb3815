import { Button, Card, Checkbox, Group, Modal, Pagination, Stack, Table, Text } from '@mantine/core';
import { IconShare } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { type Share, shareKeys, shares, sharesQuery } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { LinkButton } from '@/components/links';
import { tellDone, tellFailed, useTellFailure } from '@/components/notify';
import { Page } from '@/components/Page';
import { useConfirm } from '@/components/useConfirm';

import { ShareEditor } from './ShareEditor';
import { ShareRow } from './ShareRow';
import { SpaceChoice } from './SpaceChoice';

const PAGE = 50;

/** All shares of a space. */
export function SharesPage({ space }: { space: Space }) {
  const { t } = useTranslation('shares');
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [edited, setEdited] = useState<Share>();
  const query = useQuery(sharesQuery(space, { limit: PAGE, offset: (page - 1) * PAGE }));
  const shown = query.data?.items ?? [];
  const selected = shown.filter((share) => chosen.has(share.id));
  const current = shown.find((share) => share.id === edited?.id) ?? edited;
  const toggle = (id: number) =>
    setChosen((before) => new Set(before.has(id) ? [...before].filter((each) => each !== id) : [...before, id]));
  return (
    <Page
      title={space.kind === 'team' ? t('teamTitle') : t('title')}
      about={t('about')}
      actions={<SpaceChoice space={space} />}
    >
      <Loaded query={query}>
        {({ items, total }) =>
          total === 0 ? (
            <Empty
              icon={<IconShare size={28} />}
              title={t('empty.title')}
              action={<LinkButton to="/">{t('empty.action')}</LinkButton>}
            >
              {t('empty.text')}
            </Empty>
          ) : (
            <Stack>
              <BatchBar space={space} selected={selected} onDone={() => setChosen(new Set())} />
              <Card padding={0}>
                <Table aria-label={t('title')}>
                  <Head
                    checked={selected.length === items.length}
                    some={selected.length > 0}
                    onToggle={() =>
                      setChosen(new Set(selected.length === items.length ? [] : items.map((share) => share.id)))
                    }
                  />
                  <Table.Tbody>
                    {items.map((share) => (
                      <ShareRow
                        key={share.id}
                        space={space}
                        share={share}
                        chosen={chosen.has(share.id)}
                        onToggle={() => toggle(share.id)}
                        onEdit={() => setEdited(share)}
                      />
                    ))}
                  </Table.Tbody>
                </Table>
              </Card>
              {total > PAGE && (
                <Pagination
                  value={page}
                  onChange={setPage}
                  total={Math.ceil(total / PAGE)}
                  aria-label={t('pages')}
                  getControlProps={(control) => ({ 'aria-label': t(`pagination.${control}`) })}
                  getItemProps={(item) => ({ 'aria-label': t('pagination.page', { page: item }) })}
                />
              )}
            </Stack>
          )
        }
      </Loaded>
      <Modal
        opened={current !== undefined}
        onClose={() => setEdited(undefined)}
        title={t('dialog.title', { name: current?.resource_name ?? '' })}
        size="lg"
      >
        {current && (
          <ShareEditor key={current.updated_at} space={space} share={current} onGone={() => setEdited(undefined)} />
        )}
      </Modal>
    </Page>
  );
}

function Head({ checked, some, onToggle }: { checked: boolean; some: boolean; onToggle: () => void }) {
  const { t } = useTranslation('shares');
  return (
    <Table.Thead>
      <Table.Tr>
        <Table.Th w={1}>
          <Checkbox
            aria-label={t('selectAll')}
            checked={checked}
            indeterminate={some && !checked}
            onChange={onToggle}
          />
        </Table.Th>
        <Table.Th>{t('name')}</Table.Th>
        <Table.Th visibleFrom="sm">{t('protection')}</Table.Th>
        <Table.Th visibleFrom="md">{t('use')}</Table.Th>
        <Table.Th visibleFrom="lg">{t('created')}</Table.Th>
        <Table.Th>{t('actions')}</Table.Th>
      </Table.Tr>
    </Table.Thead>
  );
}

function BatchBar({ space, selected, onDone }: { space: Space; selected: Share[]; onDone: () => void }) {
  const { t } = useTranslation('shares');
  const confirm = useConfirm();
  const tellFailure = useTellFailure();
  const remove = useChange(
    (ids: number[]) => shares.removeMany(space, ids),
    shareKeys(space),
    ({ succeeded, failed, errors }) => {
      onDone();
      if (succeeded > 0) tellDone(t('removed', { count: succeeded }));
      if (failed > 0) tellFailed(t('notRemoved', { count: failed }), errors[0]?.error ?? '');
    },
  );
  const count = selected.length;
  if (count === 0) return null;
  const ask = async () => {
    const question = { title: t('confirm.title', { count }), text: t('confirm.text'), act: t('confirm.act') };
    if (await confirm(question))
      remove.mutate(
        selected.map((share) => share.id),
        { onError: tellFailure },
      );
  };
  return (
    <Group role="status">
      <Text size="sm">{t('selected', { count })}</Text>
      <Button size="xs" variant="light" color="red" onClick={ask} loading={remove.isPending}>
        {t('removeMany')}
      </Button>
    </Group>
  );
}
