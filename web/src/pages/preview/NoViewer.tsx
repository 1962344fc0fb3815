import { Button, Group } from '@mantine/core';
import { IconDownload, IconEyeOff } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { Empty } from '@/components/Empty';

import classes from './preview.module.css';
import type { ViewerProps } from './source';

export function NoViewer({ file, source, onText }: ViewerProps & { onText?: () => void }) {
  const { t } = useTranslation('preview');
  return (
    <div className={classes.waiting}>
      <Empty
        icon={<IconEyeOff size={28} />}
        title={t('none.title')}
        action={
          <Group justify="center">
            <DownloadButton file={file} source={source} />
            {onText && (
              <Button variant="default" onClick={onText}>
                {t('none.asText')}
              </Button>
            )}
          </Group>
        }
      >
        {t('none.text')}
      </Empty>
    </div>
  );
}

/** Instead of a viewer that could not do it. */
export function FailedViewer({ file, source, why }: ViewerProps & { why: string }) {
  const { t } = useTranslation('preview');
  return (
    <div className={classes.waiting} role="alert">
      <Empty
        icon={<IconEyeOff size={28} />}
        title={t('failed.title')}
        action={<DownloadButton file={file} source={source} />}
      >
        {why}
      </Empty>
    </div>
  );
}

function DownloadButton({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  return (
    <Button
      component="a"
      href={source.downloadUrl(file)}
      download={file.name}
      leftSection={<IconDownload size={18} aria-hidden />}
    >
      {t('none.download')}
    </Button>
  );
}
