import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import {
  IconArrowsSort,
  IconInfoCircle,
  IconLayoutGrid,
  IconList,
  IconRefresh,
  IconSortAscending,
  IconSortDescending,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { SORT_KEYS } from '@/api/folders';

import type { ViewState } from './useView';

interface Props {
  view: ViewState;
  detailed: boolean;
  onDetails: () => void;
  onRefresh?: () => void;
  isSorted?: boolean;
}

interface ToolProps {
  label: string;
  Icon: typeof IconList;
  onClick: () => void;
  pressed?: boolean;
}

/** A hint stays within the landmark of what it explains, and is cut off by nothing that scrolls. */
const hint = { withinPortal: false, floatingStrategy: 'fixed' } as const;

function Tool({ label, Icon, onClick, pressed }: ToolProps) {
  return (
    <Tooltip label={label} {...hint}>
      <ActionIcon
        variant={pressed ? 'light' : 'subtle'}
        color={pressed ? 'aster' : 'gray'}
        size={36}
        aria-label={label}
        aria-pressed={pressed}
        onClick={onClick}
      >
        <Icon size={20} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** How a folder is looked at. */
export function ViewTools({ view, detailed, onDetails, onRefresh, isSorted = true }: Props) {
  const { t } = useTranslation('drive');
  const isGrid = view.view === 'grid';
  return (
    <>
      {onRefresh && <Tool label={t('view.refresh')} Icon={IconRefresh} onClick={onRefresh} />}
      {isSorted && <SortMenu view={view} />}
      <Tool
        label={isGrid ? t('view.list') : t('view.grid')}
        Icon={isGrid ? IconList : IconLayoutGrid}
        onClick={() => view.setView(isGrid ? 'list' : 'grid')}
      />
      <Tool label={t('act.details')} Icon={IconInfoCircle} onClick={onDetails} pressed={detailed} />
    </>
  );
}

function SortMenu({ view: { sort, setSort } }: { view: ViewState }) {
  const { t } = useTranslation('drive');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={t('view.sort')} {...hint}>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('view.sort')}>
            <IconArrowsSort size={20} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={sort.by} onChange={(by) => setSort({ ...sort, by: by as typeof sort.by })}>
          {SORT_KEYS.map((key) => (
            <Menu.RadioItem key={key} value={key}>
              {t(`sort.${key}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={
            sort.order === 'asc' ? (
              <IconSortAscending size={18} aria-hidden />
            ) : (
              <IconSortDescending size={18} aria-hidden />
            )
          }
          onClick={() => setSort({ ...sort, order: sort.order === 'asc' ? 'desc' : 'asc' })}
        >
          {sort.order === 'asc' ? t('sort.ascending') : t('sort.descending')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
