import {
  ActionIcon,
  Button,
  CloseButton,
  FileButton,
  Group,
  Menu,
  Paper,
  Progress,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconDots } from '@tabler/icons-react';
import { useId, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

import { queue } from './engine';
import type { UploadItem } from './item';
import type { Snapshot } from './queue';
import { timeLeft } from './speed';
import { isIdle, rowsOf, summaryOf, totals } from './summary';
import { UploadRow } from './UploadRow';
import classes from './uploads.module.css';

/** All uploads of this tab, at the lower right of every page. Nothing while there are none. */
export function UploadPanel() {
  const { t } = useTranslation('uploads');
  const snapshot = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const [open, setOpen] = useState(true);
  const list = useId();
  const { items } = snapshot;
  const summary = summaryOf(items);
  if (!summary) return null;
  const { rows, more } = rowsOf(items);
  const toggle = open ? t('act.collapse') : t('act.expand');
  return (
    <Paper component="section" aria-label={t('region')} className={classes.panel} shadow="lg" withBorder radius="lg">
      <Group justify="space-between" wrap="nowrap" gap="xs" px="md" py="sm">
        <Title order={2} size="h5" lineClamp={2}>
          <span role="status">{t(`summary.${summary.kind}`, { count: summary.count })}</span>
        </Title>
        <Group gap={4} wrap="nowrap">
          <AllMenu items={items} />
          <Tooltip label={toggle}>
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={toggle}
              aria-expanded={open}
              aria-controls={list}
              onClick={() => setOpen(!open)}
            >
              {open ? <IconChevronDown size={18} aria-hidden /> : <IconChevronUp size={18} aria-hidden />}
            </ActionIcon>
          </Tooltip>
          {isIdle(items) && <CloseButton aria-label={t('act.close')} onClick={() => queue.clear()} />}
        </Group>
      </Group>
      {!isIdle(items) && <Total snapshot={snapshot} />}
      <div id={list} hidden={!open}>
        <LeftBehind items={items} />
        {/* Scrolled by keyboard, too. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
        <ul className={classes.rows} tabIndex={0} aria-label={t('title')}>
          {rows.map((item) => (
            <UploadRow key={item.id} item={item} />
          ))}
          {more > 0 && (
            <li className={classes.row}>
              <Text size="sm" c="dimmed">
                {t('more', { count: more })}
              </Text>
            </li>
          )}
        </ul>
      </div>
    </Paper>
  );
}

function Total({ snapshot: { items, perSecond } }: { snapshot: Snapshot }) {
  const { t } = useTranslation('uploads');
  const format = useFormat();
  const { sent, size } = totals(items);
  const percent = size > 0 ? (sent / size) * 100 : 0;
  const left = timeLeft(size - sent, perSecond);
  return (
    <Stack gap={4} px="md" pb="sm">
      <Progress value={percent} aria-label={t('total')} size="md" />
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          {t('progress', { sent: format.bytes(sent), size: format.bytes(size) })}
        </Text>
        <Text size="xs" c="dimmed">
          {perSecond !== undefined && t('speed', { speed: format.bytes(Math.round(perSecond)) })}
          {perSecond !== undefined && left !== undefined && left > 0 && ' · '}
          {left !== undefined && left > 0 && t('left', { time: format.duration(left) })}
        </Text>
      </Group>
    </Stack>
  );
}

/** After a reload: the files of before, chosen all at once. */
function LeftBehind({ items }: { items: readonly UploadItem[] }) {
  const { t } = useTranslation('uploads');
  const format = useFormat();
  const [strangers, setStrangers] = useState<File[]>([]);
  const waiting = items.filter((item) => item.status === 'needs-file');
  if (waiting.length === 0 && strangers.length === 0) return null;
  return (
    <Stack gap="xs" px="md" pb="sm">
      {waiting.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            {t('left_behind.title')}
          </Text>
          <Text size="sm">{t('left_behind.text')}</Text>
          <Group>
            <FileButton multiple onChange={(files) => setStrangers(queue.giveFiles(files))}>
              {(props) => (
                <Button {...props} size="xs">
                  {t('left_behind.choose')}
                </Button>
              )}
            </FileButton>
          </Group>
        </>
      )}
      {strangers.length > 0 && (
        <Text size="sm" c="var(--aster-warn)" role="alert">
          {t('left_behind.strangers', {
            count: strangers.length,
            names: format.list(strangers.slice(0, 3).map((file) => file.name)),
          })}
        </Text>
      )}
    </Stack>
  );
}

function AllMenu({ items }: { items: readonly UploadItem[] }) {
  const { t } = useTranslation('uploads');
  const confirm = useConfirm();
  const has = (status: UploadItem['status']) => items.some((item) => item.status === status);
  const isMoving = items.some(({ status }) => ['queued', 'starting', 'sending', 'waiting'].includes(status));
  const cancelAll = async () => {
    const { title, text, act } = {
      title: t('cancelAll.title'),
      text: t('cancelAll.text'),
      act: t('cancelAll.act'),
    };
    if (await confirm({ title, text, act })) queue.cancelAll();
  };
  return (
    <Menu position="top-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('act.more')}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {isMoving && <Menu.Item onClick={() => queue.pauseAll()}>{t('act.pauseAll')}</Menu.Item>}
        {has('paused') && <Menu.Item onClick={() => queue.resumeAll()}>{t('act.resumeAll')}</Menu.Item>}
        {has('failed') && <Menu.Item onClick={() => queue.retryAll()}>{t('act.retryAll')}</Menu.Item>}
        {(has('done') || has('failed')) && <Menu.Item onClick={() => queue.clear()}>{t('act.clear')}</Menu.Item>}
        {!isIdle(items) && (
          <Menu.Item color="red.8" onClick={cancelAll}>
            {t('act.cancelAll')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
