import { ActionIcon, Group, Modal, Text, Tooltip } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { IconChevronLeft, IconChevronRight, IconDownload, IconX } from '@tabler/icons-react';
import { type ComponentType, lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Loading } from '@/components/Loaded';
import { useConfirm } from '@/components/useConfirm';

import { type PreviewFile, type Viewer, viewerOf } from './kinds';
import { NoViewer } from './NoViewer';
import classes from './preview.module.css';
import type { PreviewSource, ViewerProps } from './source';
import { UnsavedContext } from './unsaved';

const TextViewer = lazy(async () => ({ default: (await import('./TextViewer')).TextViewer }));

/** Each is loaded when there is something for it to show. */
const VIEWERS: Record<Exclude<Viewer, 'none'>, ComponentType<ViewerProps>> = {
  image: lazy(async () => ({ default: (await import('./ImageViewer')).ImageViewer })),
  pdf: lazy(async () => ({ default: (await import('./PdfViewer')).PdfViewer })),
  video: lazy(async () => ({ default: (await import('./MediaViewer')).VideoViewer })),
  audio: lazy(async () => ({ default: (await import('./MediaViewer')).AudioViewer })),
  zip: lazy(async () => ({ default: (await import('./ZipViewer')).ZipViewer })),
  markdown: TextViewer,
  csv: TextViewer,
  text: TextViewer,
};

interface Props {
  /** What can be gone through, in order. */
  files: readonly PreviewFile[];
  /** Which of them is shown first. */
  first: number;
  source: PreviewSource;
  onClose: () => void;
}

/** A file over the whole window, with the way to the ones beside it. */
export function PreviewWindow({ files, first, source, onClose }: Props) {
  const { t } = useTranslation('preview');
  const confirm = useConfirm();
  const [at, setAt] = useState(first);
  const [unsaved, setUnsaved] = useState(false);
  const file = files[at];
  const leave = async (go: () => void) => {
    if (unsaved && file) {
      const question = {
        title: t('text.discardTitle'),
        text: t('text.discardText', { name: file.name }),
        act: t('text.discard'),
      };
      if (!(await confirm(question))) return;
      setUnsaved(false);
    }
    go();
  };
  const move = (by: number) => {
    if (files[at + by]) void leave(() => setAt(at + by));
  };
  const close = () => void leave(onClose);
  useWindowEvent('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || usesArrows(event.target)) return;
    if (event.key === 'ArrowLeft') move(-1);
    else if (event.key === 'ArrowRight') move(1);
  });
  useWindowEvent('beforeunload', (event) => {
    if (unsaved) event.preventDefault();
  });
  if (!file) return null;
  return (
    <Modal.Root opened onClose={close} fullScreen padding={0}>
      <Modal.Content className={classes.window} aria-label={t('window', { name: file.name })}>
        <Modal.Body className={classes.body}>
          <Group className={classes.bar} justify="space-between" wrap="nowrap" gap="xs">
            <Text component="h2" size="sm" fw={600} truncate title={file.name} style={{ flex: 1, minWidth: 0 }}>
              {file.name}
            </Text>
            <Group gap={4} wrap="nowrap">
              {files.length > 1 && <Steps at={at} count={files.length} onMove={move} />}
              <Tooltip label={t('download', { name: file.name })}>
                <ActionIcon
                  component="a"
                  href={source.downloadUrl(file)}
                  download={file.name}
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t('download', { name: file.name })}
                >
                  <IconDownload size={20} aria-hidden />
                </ActionIcon>
              </Tooltip>
              <Tooltip label={t('close')}>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t('close')}
                  onClick={close}
                  data-autofocus
                >
                  <IconX size={20} aria-hidden />
                </ActionIcon>
              </Tooltip>
            </Group>
          </Group>
          <div className={classes.stage}>
            <UnsavedContext value={setUnsaved}>
              <Shown key={file.id} file={file} source={source} />
            </UnsavedContext>
          </div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Shown({ file, source }: ViewerProps) {
  const [asText, setAsText] = useState(false);
  const kind = asText ? 'text' : viewerOf(file);
  if (kind === 'none') return <NoViewer file={file} source={source} onText={() => setAsText(true)} />;
  const Viewer = VIEWERS[kind];
  return (
    <Suspense
      fallback={
        <div className={classes.waiting}>
          <Loading rows={6} />
        </div>
      }
    >
      <Viewer file={file} source={source} />
    </Suspense>
  );
}

function Steps({ at, count, onMove }: { at: number; count: number; onMove: (by: number) => void }) {
  const { t } = useTranslation('preview');
  return (
    <>
      <Tooltip label={t('previous')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('previous')}
          disabled={at === 0}
          onClick={() => onMove(-1)}
        >
          <IconChevronLeft size={20} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Text size="sm" c="dimmed" visibleFrom="xs" role="status">
        {t('position', { at: at + 1, count })}
      </Text>
      <Tooltip label={t('next')}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={t('next')}
          disabled={at === count - 1}
          onClick={() => onMove(1)}
        >
          <IconChevronRight size={20} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </>
  );
}

/** Where arrows have a meaning already: text, players, a picture that is moved. */
function usesArrows(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, video, audio, [contenteditable="true"], [data-arrows]') !== null
  );
}
