import { lazy, Suspense, useEffect, useState } from 'react';

import { extendDrive, type PreviewRequest, type ShareRequest } from '@/pages/drive/extensions';
import { mayHaveRecords } from '@/pages/uploads/records';

const UploadPanel = lazy(async () => ({ default: (await import('@/pages/uploads/UploadPanel')).UploadPanel }));
const Preview = lazy(async () => ({ default: (await import('@/pages/preview/DrivePreview')).DrivePreview }));
const ShareDialog = lazy(async () => ({ default: (await import('@/pages/shares/ShareDialog')).ShareDialog }));

/**
 * What stays beside the pages as long as somebody is signed in, whichever page is shown: the panel of uploads, the
 * viewer, the share dialog. Each is loaded when it is first used; the drive is told that they are there.
 */
export function Companions() {
  const [uploads, setUploads] = useState(mayHaveRecords);
  const [preview, setPreview] = useState<PreviewRequest>();
  const [share, setShare] = useState<ShareRequest>();
  useEffect(() => {
    extendDrive({
      openPreview: setPreview,
      openShare: setShare,
      startUpload: (entries, target) => {
        setUploads(true);
        void import('@/pages/uploads/engine').then(async ({ queue, ready }) => {
          await ready;
          queue.add(entries, target);
        });
      },
    });
  }, []);
  return (
    <Suspense fallback={null}>
      {uploads && <UploadPanel />}
      {preview && <Preview request={preview} onClose={() => setPreview(undefined)} />}
      {share && <ShareDialog request={share} onClose={() => setShare(undefined)} />}
    </Suspense>
  );
}
