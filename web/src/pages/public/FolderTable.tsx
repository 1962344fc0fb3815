import { ActionIcon, Anchor, Group, Table, Text, Tooltip } from '@mantine/core';
import { IconDownload, IconFolder } from '@tabler/icons-react';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

import { type PublicFile, type PublicFolder, visits } from '@/api/shares';
import { useFormat } from '@/i18n/format';
import { FileIcon } from '@/pages/preview/FileIcon';
import { viewerOf } from '@/pages/preview/kinds';

interface Props {
  token: string;
  path: number[];
  folders: PublicFolder[];
  files: PublicFile[];
  usedUp: boolean;
  onLook: (fileId: number) => void;
  onDownload: () => void;
}

export function FolderTable({ token, path, folders, files, usedUp, onLook, onDownload }: Props) {
  const { t } = useTranslation('shares');
  const format = useFormat();
  const navigate = useNavigate();
  const names = useRouterState({ select: (state) => (state.location.state as { names?: string[] }).names });
  const open = (folder: PublicFolder) =>
    void navigate({
      to: '.',
      search: { path: [...path, folder.id] },
      state: { names: [...(names ?? path.map(() => '…')), folder.name] } as object,
    });
  return (
    <Table aria-label={t('public.content')}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('public.name')}</Table.Th>
          <Table.Th visibleFrom="sm">{t('public.changed')}</Table.Th>
          <Table.Th>{t('public.size')}</Table.Th>
          <Table.Th w={1}>{t('actions')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {folders.map((folder) => (
          <Table.Tr key={`folder-${folder.id}`}>
            <Table.Td>
              <Group gap="sm" wrap="nowrap">
                <IconFolder size={20} aria-hidden style={{ flexShrink: 0 }} />
                <Anchor
                  component="button"
                  type="button"
                  ta="left"
                  c="inherit"
                  fw={600}
                  onClick={() => open(folder)}
                  aria-label={t('public.openFolder', { name: folder.name })}
                >
                  {folder.name}
                </Anchor>
              </Group>
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text size="sm">{format.time(folder.updated_at)}</Text>
            </Table.Td>
            <Table.Td />
            <Table.Td />
          </Table.Tr>
        ))}
        {files.map((file) => (
          <Table.Tr key={`file-${file.id}`}>
            <Table.Td>
              <Group gap="sm" wrap="nowrap">
                <FileIcon file={file} size={20} />
                {usedUp || viewerOf(file) === 'none' ? (
                  <Text size="sm">{file.name}</Text>
                ) : (
                  <Anchor
                    component="button"
                    type="button"
                    ta="left"
                    c="inherit"
                    onClick={() => onLook(file.id)}
                    aria-label={t('public.lookAt', { name: file.name })}
                  >
                    {file.name}
                  </Anchor>
                )}
              </Group>
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <Text size="sm">{format.time(file.updated_at)}</Text>
            </Table.Td>
            <Table.Td>
              <Text size="sm" style={{ whiteSpace: 'nowrap' }}>
                {format.bytes(file.size)}
              </Text>
            </Table.Td>
            <Table.Td>
              {!usedUp && (
                <Tooltip label={t('public.downloadOf', { name: file.name })}>
                  <ActionIcon
                    component="a"
                    href={visits.contentUrl(token, file.id, false)}
                    download={file.name}
                    variant="subtle"
                    color="gray"
                    aria-label={t('public.downloadOf', { name: file.name })}
                    onClick={onDownload}
                  >
                    <IconDownload size={18} aria-hidden />
                  </ActionIcon>
                </Tooltip>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
