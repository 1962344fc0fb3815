import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { FailedViewer } from './NoViewer';
import classes from './preview.module.css';
import type { ViewerProps } from './source';

/** The browser asks for the ranges it needs, so seeking needs no more than that. */
export function VideoViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const [failed, setFailed] = useState(false);
  if (failed) return <FailedViewer file={file} source={source} why={t('failed.media')} />;
  return (
    <div className={classes.media}>
      {/* biome-ignore lint/a11y/useMediaCaption: captions are files of their own, if people have any */}
      <video
        src={source.url(file)}
        controls
        preload="metadata"
        aria-label={file.name}
        onError={() => setFailed(true)}
      />
    </div>
  );
}

export function AudioViewer({ file, source }: ViewerProps) {
  const { t } = useTranslation('preview');
  const [failed, setFailed] = useState(false);
  if (failed) return <FailedViewer file={file} source={source} why={t('failed.media')} />;
  return (
    <div className={classes.media}>
      {/* biome-ignore lint/a11y/useMediaCaption: captions are files of their own, if people have any */}
      <audio
        src={source.url(file)}
        controls
        preload="metadata"
        aria-label={file.name}
        onError={() => setFailed(true)}
      />
    </div>
  );
}
