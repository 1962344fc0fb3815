import { Button, Menu } from '@mantine/core';
import {
  IconChevronDown,
  IconClipboard,
  IconFolderPlus,
  IconFolderUp,
  IconPlus,
  IconUpload,
} from '@tabler/icons-react';
import { type ChangeEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import type { Place } from '@/api/spaces';

import { chosenFiles } from './desktopDrop';
import { useDriveExtensions } from './extensions';
import type { Acts } from './useActs';

const icon = { size: 18, 'aria-hidden': true } as const;

/** How something comes into a folder. */
export function NewMenu({ acts }: { acts: Acts }) {
  const { t } = useTranslation('drive');
  const { startUpload } = useDriveExtensions();
  const { space, folderId = null } = acts;
  return (
    <Menu position="bottom-end" width={232}>
      <Menu.Target>
        <Button leftSection={<IconPlus {...icon} />} rightSection={<IconChevronDown size={16} aria-hidden />}>
          {t('new.title')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconFolderPlus {...icon} />} onClick={() => acts.ask({ what: 'folder' })}>
          {t('new.folder')}
        </Menu.Item>
        {startUpload && <UploadItems target={{ space, folderId }} />}
        {acts.paste && (
          <Menu.Item leftSection={<IconClipboard {...icon} />} onClick={acts.paste}>
            {t('act.paste')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function UploadItems({ target }: { target: Place }) {
  const { t } = useTranslation('drive');
  const { startUpload } = useDriveExtensions();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const entries = input.files ? chosenFiles(input.files) : [];
    // The same file can be chosen again.
    input.value = '';
    if (entries.length > 0) startUpload?.(entries, target);
  };
  return (
    <>
      <Menu.Item leftSection={<IconUpload {...icon} />} closeMenuOnClick={false} onClick={() => files.current?.click()}>
        {t('new.files')}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconFolderUp {...icon} />}
        closeMenuOnClick={false}
        onClick={() => folder.current?.click()}
      >
        {t('new.folderUpload')}
      </Menu.Item>
      <input ref={files} type="file" multiple hidden onChange={take} data-testid="choose-files" />
      <input
        ref={(input) => {
          folder.current = input;
          // React has no property for it.
          if (input) input.webkitdirectory = true;
        }}
        type="file"
        multiple
        hidden
        onChange={take}
      />
    </>
  );
}
