import { ActionIcon, FileButton, Group, Progress, Text, Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowsExchange,
  IconCircleCheck,
  IconCircleX,
  IconFile,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconUpload,
  IconX,
} from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/errors';
import { useTellFailure } from '@/components/notify';
import { headline } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { askForFile, queue } from './engine';
import { isActive, nameOf, type UploadItem } from './item';
import { UnclearError } from './passage';
import { timeLeft } from './speed';
import classes from './uploads.module.css';

const small = { size: 16, 'aria-hidden': true } as const;

export const UploadRow = memo(function UploadRow({ item }: { item: UploadItem }) {
  const { t } = useTranslation('uploads');
  const name = nameOf(item.path);
  const shows = item.status === 'sending' || item.status === 'waiting' || item.status === 'paused';
  const percent = item.size > 0 ? (item.sent / item.size) * 100 : 0;
  return (
    <li className={classes.row}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <StatusIcon item={item} />
        <div className={classes.text}>
          <Text size="sm" fw={500} truncate title={item.path}>
            {name}
          </Text>
          <State item={item} />
          {shows && item.sent > 0 && <Progress value={percent} size="xs" mt={4} aria-label={name} />}
          <Notes item={item} />
        </div>
        <Acts item={item} name={name} />
      </Group>
      <span className={classes.hidden}>{t(`status.${item.status}`)}</span>
    </li>
  );
});

function StatusIcon({ item: { status } }: { item: UploadItem }) {
  const common = { size: 20, 'aria-hidden': true, className: classes.icon } as const;
  if (status === 'done') return <IconCircleCheck {...common} color="var(--aster-good)" />;
  if (status === 'failed') return <IconCircleX {...common} color="var(--aster-bad)" />;
  if (status === 'needs-file') return <IconAlertTriangle {...common} color="var(--aster-warn)" />;
  if (status === 'paused') return <IconPlayerPause {...common} />;
  return status === 'queued' ? <IconFile {...common} /> : <IconUpload {...common} />;
}

/** How far it is, in words and numbers. */
function State({ item }: { item: UploadItem }) {
  const { t } = useTranslation('uploads');
  const { t: common } = useTranslation();
  const format = useFormat();
  if (item.status === 'failed') {
    const { error } = item;
    const unclear = error instanceof UnclearError;
    return (
      <Text size="xs" c="var(--aster-bad)">
        {unclear ? t('note.unclear') : headline(error, common)}
        {error instanceof ApiError && <span lang="en">: {error.message}</span>}
      </Text>
    );
  }
  const left = item.status === 'sending' ? timeLeft(item.size - item.sent, item.perSecond) : undefined;
  const words =
    item.status === 'sending'
      ? [
          t('progress', { sent: format.bytes(item.sent), size: format.bytes(item.size) }),
          item.perSecond !== undefined && t('speed', { speed: format.bytes(Math.round(item.perSecond)) }),
          left !== undefined && left > 0 && t('left', { time: format.duration(left) }),
        ]
      : [t(`status.${item.status}`), format.bytes(item.size)];
  return (
    <Text size="xs" c="dimmed">
      {words.filter(Boolean).join(' · ')}
    </Text>
  );
}

function Notes({ item }: { item: UploadItem }) {
  const { t } = useTranslation('uploads');
  return (
    <>
      {item.fellBack && (
        <Note>
          <IconArrowsExchange size={14} aria-hidden /> {t('note.fellBack')}
        </Note>
      )}
      {item.beganAnew && <Note>{t('note.beganAnew')}</Note>}
      {item.savedAs && <Note>{t('note.savedAs', { name: item.savedAs })}</Note>}
    </>
  );
}

function Note({ children }: { children: ReactNode }) {
  return (
    <Text size="xs" c="var(--aster-warn)" mt={2}>
      {children}
    </Text>
  );
}

function Acts({ item, name }: { item: UploadItem; name: string }) {
  const { t } = useTranslation('uploads');
  const tellFailure = useTellFailure();
  const { id, status, handle } = item;
  const goOn = async () => {
    if (!handle) return;
    try {
      const file = await askForFile(handle, item.size, item.lastModified);
      if (file) queue.giveFile(id, file);
    } catch (error) {
      tellFailure(error);
    }
  };
  const over = status === 'done' || status === 'failed';
  return (
    <Group gap={2} wrap="nowrap">
      {isActive(status) && status !== 'finishing' && (
        <Act label={t('act.pause', { name })} icon={<IconPlayerPause {...small} />} act={() => queue.pause(id)} />
      )}
      {status === 'paused' && (
        <Act label={t('act.resume', { name })} icon={<IconPlayerPlay {...small} />} act={() => queue.resume(id)} />
      )}
      {status === 'failed' && (
        <Act label={t('act.retry', { name })} icon={<IconRefresh {...small} />} act={() => queue.resume(id)} />
      )}
      {status === 'needs-file' && handle && (
        <Act label={t('act.continue', { name })} icon={<IconPlayerPlay {...small} />} act={goOn} />
      )}
      {status === 'needs-file' && !handle && (
        <FileButton onChange={(file) => file && queue.giveFiles([file])}>
          {({ onClick }) => <Act label={t('act.chooseFile', { name })} icon={<IconFile {...small} />} act={onClick} />}
        </FileButton>
      )}
      <Act
        label={over ? t('act.remove', { name }) : t('act.cancel', { name })}
        icon={<IconX {...small} />}
        act={() => queue.cancel(id)}
      />
    </Group>
  );
}

function Act({ label, icon, act }: { label: string; icon: ReactNode; act: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={act}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
