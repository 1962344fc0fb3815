import { Button, Group, Select, Stack, TextInput } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type AuditFilter, auditQuery } from '@/api/audit';
import { settingsQuery } from '@/api/settings';
import { Empty } from '@/components/Empty';
import { Loaded } from '@/components/Loaded';
import { Page } from '@/components/Page';

import { AuditTable } from './AuditTable';
import { type AuditSearch, momentsOf } from './auditSearch';
import { PageControl } from './PageControl';
import { UserSelect } from './UserSelect';

const route = getRouteApi('/signed-in/admin/audit');
const PAGE = 50;
/** Live refresh, on the first page only: further back nothing changes but the places. */
const AGAIN_MS = 15_000;

const ACTIONS = [
  'create',
  'change',
  'delete',
  'login',
  'login_failed',
  'login_throttled',
  'logout',
  'setup',
  'register',
  'change_password',
  'reset_password',
  'revoke_sessions',
  'reuse_refresh_token',
  'issue_token',
  'redeem',
  'enroll',
  'archive',
  'restore',
  'add_member',
  'change_member',
  'remove_member',
  'revoke',
  'leave_out',
] as const;
const ENTITIES = [
  'user',
  'team',
  'node',
  'ingress_target',
  'policy',
  'policy_group',
  'setting',
  'task',
  'share',
  'direct_link',
  'api_token',
  'webdav_account',
] as const;

export function AuditPage() {
  const { t } = useTranslation('admin');
  const search = route.useSearch();
  const navigate = useNavigate();
  const { page = 1, from, until, ...rest } = search;
  const filter: AuditFilter = { ...rest, ...momentsOf(from, until) };
  const query = useQuery({
    ...auditQuery(filter, { limit: PAGE, offset: (page - 1) * PAGE }),
    refetchInterval: page === 1 ? AGAIN_MS : false,
  });
  const settings = useQuery(settingsQuery);
  const days = settings.data?.items.find((setting) => setting.key === 'audit_log_retention_days')?.value;
  const show = (change: { [Name in keyof AuditSearch]: AuditSearch[Name] | undefined }) => {
    const next = { ...search, page: undefined, ...change };
    const set = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined && value !== ''));
    return navigate({ to: '/admin/audit', search: set, replace: true });
  };
  return (
    <Page title={t('audit.title')} about={days && t('audit.about', { count: Number(days) })}>
      <Filters search={search} onShow={show} />
      <Loaded query={query} rows={8}>
        {({ items, total }) =>
          items.length === 0 ? (
            <Empty icon={<IconHistory size={30} />} title={t('audit.emptyTitle')}>
              {t('audit.emptyText')}
            </Empty>
          ) : (
            <Stack>
              <AuditTable entries={items} origins />
              <PageControl page={page} size={PAGE} total={total} onChange={(next) => show({ page: next })} />
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

interface FilterProps {
  search: AuditSearch;
  onShow: (change: { [Name in keyof AuditSearch]: AuditSearch[Name] | undefined }) => void;
}

function Filters({ search, onShow }: FilterProps) {
  const { t } = useTranslation('admin');
  const common = {
    placeholder: t('audit.all'),
    clearable: true,
    clearButtonProps: { 'aria-label': t('audit.clear') },
  };
  const filtered = Object.keys(search).some((name) => name !== 'page');
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label={t('audit.action')}
        data={ACTIONS.map((value) => ({ value, label: t(`action.${value}`) }))}
        value={search.action ?? null}
        onChange={(value) => onShow({ action: value ?? undefined })}
        searchable
        {...common}
      />
      <Select
        label={t('audit.entity')}
        data={ENTITIES.map((value) => ({ value, label: t(`entity.${value}`) }))}
        value={search.entity_type ?? null}
        onChange={(value) => onShow({ entity_type: value ?? undefined })}
        searchable
        {...common}
      />
      <UserSelect
        label={t('audit.user')}
        value={search.user_id ?? null}
        onChange={(id) => onShow({ user_id: id ?? undefined })}
        {...common}
      />
      <TextInput
        type="date"
        label={t('audit.since')}
        value={search.from ?? ''}
        onChange={(event) => onShow({ from: event.currentTarget.value || undefined })}
      />
      <TextInput
        type="date"
        label={t('audit.until')}
        value={search.until ?? ''}
        onChange={(event) => onShow({ until: event.currentTarget.value || undefined })}
      />
      {filtered && (
        <Button
          variant="subtle"
          onClick={() =>
            onShow({ action: undefined, entity_type: undefined, user_id: undefined, from: undefined, until: undefined })
          }
        >
          {t('audit.clearAll')}
        </Button>
      )}
    </Group>
  );
}
