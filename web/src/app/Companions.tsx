import { lazy, Suspense, useEffect, useState } from 'react';

import { extendDrive } from '@/pages/drive/extensions';
import { mayHaveRecords } from '@/pages/uploads/records';

const UploadPanel = lazy(async () => ({ default: (await import('@/pages/uploads/UploadPanel')).UploadPanel }));

/**
 * What stays beside the pages as long as somebody is signed in, whichever page is shown: the panel of uploads, the
 * viewer, the share dialog. Each is loaded when it is first used; the drive is told that they are there.
 */
export function Companions() {
  const [uploads, setUploads] = useState(mayHaveRecords);
  useEffect(() => {
    extendDrive({
      startUpload: (entries, target) => {
        setUploads(true);
        void import('@/pages/uploads/engine').then(async ({ queue, ready }) => {
          await ready;
          queue.add(entries, target);
        });
      },
    });
  }, []);
  return <Suspense fallback={null}>{uploads && <UploadPanel />}</Suspense>;
}
