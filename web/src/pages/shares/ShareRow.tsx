import { ActionIcon, Checkbox, Group, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconCopy, IconExternalLink, IconFile, IconFolder, IconPencil, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { type Share, shareKeys, shares, shareUrl } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { copyText } from '@/components/Copyable';
import { tellDone, useTellFailure } from '@/components/notify';
import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

import { ShareStatusBadge } from './ShareStatusBadge';
import { useShareUse } from './useShareUse';

interface Props {
  space: Space;
  share: Share;
  chosen: boolean;
  onToggle: () => void;
  onEdit: () => void;
}

export function ShareRow({ space, share, chosen, onToggle, onEdit }: Props) {
  const { t } = useTranslation('shares');
  const format = useFormat();
  const use = useShareUse();
  const name = share.resource_name || t('status.unavailable');
  const Icon = share.resource_type === 'folder' ? IconFolder : IconFile;
  return (
    <Table.Tr data-share={share.id}>
      <Table.Td>
        <Checkbox aria-label={t('select', { name })} checked={chosen} onChange={onToggle} />
      </Table.Td>
      <Table.Td>
        <Stack gap={6} align="flex-start">
          <Group gap="xs" wrap="nowrap">
            <Icon size={18} aria-hidden style={{ flexShrink: 0 }} />
            <Text size="sm" fw={600}>
              {name}
            </Text>
          </Group>
          <ShareStatusBadge status={share.status} />
        </Stack>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Protection share={share} />
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Text size="sm">{use(share)}</Text>
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Text size="sm">{format.time(share.created_at)}</Text>
      </Table.Td>
      <Table.Td>
        <Acts space={space} share={share} name={name} onEdit={onEdit} />
      </Table.Td>
    </Table.Tr>
  );
}

function Protection({ share }: { share: Share }) {
  const { t } = useTranslation('shares');
  const format = useFormat();
  const words = [
    share.has_password ? t('hasPassword') : t('open'),
    share.expires_at && t('until', { time: format.time(share.expires_at) }),
  ];
  return (
    <Stack gap={2}>
      {words.filter(Boolean).map((word) => (
        <Text key={word} size="sm">
          {word}
        </Text>
      ))}
    </Stack>
  );
}

function Acts({ space, share, name, onEdit }: Pick<Props, 'space' | 'share' | 'onEdit'> & { name: string }) {
  const { t } = useTranslation('shares');
  const confirm = useConfirm();
  const tellFailure = useTellFailure();
  const remove = useChange(() => shares.remove(space, share.id), shareKeys(space));
  const url = shareUrl(share);
  const copy = async () => {
    if (await copyText(url)) tellDone(t('copied'));
  };
  const end = async () => {
    const question = { title: t('confirm.title', { count: 1 }), text: t('confirm.text'), act: t('confirm.act') };
    if (await confirm(question)) remove.mutate(undefined, { onError: tellFailure });
  };
  return (
    <Group gap={2} maw={{ base: 64, sm: 'none' }}>
      <Act label={t('copyLinkOf', { name })} act={copy} icon={<IconCopy size={18} aria-hidden />} />
      <Tooltip label={t('openPage', { name })}>
        <ActionIcon
          component="a"
          href={url}
          target="_blank"
          rel="noopener"
          variant="subtle"
          color="gray"
          aria-label={t('openPage', { name })}
        >
          <IconExternalLink size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Act label={t('edit', { name })} act={onEdit} icon={<IconPencil size={18} aria-hidden />} />
      <Act label={t('remove', { name })} act={end} icon={<IconTrash size={18} aria-hidden />} />
    </Group>
  );
}

function Act({ label, act, icon }: { label: string; act: () => void; icon: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={act}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
