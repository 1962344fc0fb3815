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

import { chosenFiles } from './desktopDrop';
import { useDriveExtensions } from './extensions';
import type { Acts } from './useActs';

const icon = { size: 18, 'aria-hidden': true } as const;

/** How something comes into a folder. */
export function NewMenu({ acts }: { acts: Acts }) {
  const { t } = useTranslation('drive');
  const { startUpload } = useDriveExtensions();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const { space, folderId = null } = acts;
  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const entries = input.files ? chosenFiles(input.files) : [];
    // The same file can be chosen again.
    input.value = '';
    if (entries.length > 0) startUpload?.(entries, { space, folderId });
  };
  return (
    <>
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
          {startUpload && (
            <>
              <Menu.Item leftSection={<IconUpload {...icon} />} onClick={() => files.current?.click()}>
                {t('new.files')}
              </Menu.Item>
              <Menu.Item leftSection={<IconFolderUp {...icon} />} onClick={() => folder.current?.click()}>
                {t('new.folderUpload')}
              </Menu.Item>
            </>
          )}
          {acts.paste && (
            <Menu.Item leftSection={<IconClipboard {...icon} />} onClick={acts.paste}>
              {t('act.paste')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {/* Beside the menu, which closes and takes away what it holds before anything is chosen. */}
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
