import { ActionIcon, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconRestore, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { type FileItem, files, type Version, versionsQuery } from '@/api/files';
import { changedKeys, type Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { tellDone, useTellFailure } from '@/components/notify';
import { useConfirm } from '@/components/useConfirm';
import { useFormat } from '@/i18n/format';

interface Props {
  space: Space;
  file: FileItem;
}

/** What a file contained before. */
export function Versions({ space, file }: Props) {
  const { t } = useTranslation('drive');
  const query = useQuery(versionsQuery(space, file.id));
  return (
    <section>
      <Title order={3} size="h6" mb="xs">
        {t('versions.title')}
      </Title>
      <Loaded query={query} rows={2}>
        {(versions) =>
          versions.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('versions.none')}
            </Text>
          ) : (
            <Stack gap="xs">
              {versions.map((version) => (
                <Line key={version.id} space={space} file={file} version={version} />
              ))}
            </Stack>
          )
        }
      </Loaded>
    </section>
  );
}

function Line({ space, file, version }: Props & { version: Version }) {
  const { t } = useTranslation('drive');
  const format = useFormat();
  const confirm = useConfirm();
  const tell = useTellFailure();
  const when = format.time(version.created_at);
  const restore = useChange(
    () => files.restoreVersion(space, file.id, version.id),
    changedKeys(space),
    () => tellDone(t('versions.restored', { when })),
  );
  const remove = useChange(() => files.deleteVersion(space, file.id, version.id), changedKeys(space));
  const ask = async () => {
    const question = { title: t('versions.delete'), text: t('versions.deleteText', { when }), act: t('act.delete') };
    if (await confirm(question)) remove.mutate(undefined, { onError: tell });
  };
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <div>
        <Text size="sm">{when}</Text>
        <Text size="xs" c="dimmed">
          {format.bytes(version.size)} · {version.created_by_username}
        </Text>
      </div>
      <Group gap={4} wrap="nowrap">
        <Tooltip label={t('versions.restore')}>
          <ActionIcon
            variant="subtle"
            loading={restore.isPending}
            aria-label={t('versions.restoreOf', { when })}
            onClick={() => restore.mutate(undefined, { onError: tell })}
          >
            <IconRestore size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('versions.delete')}>
          <ActionIcon
            variant="subtle"
            color="red"
            loading={remove.isPending}
            aria-label={t('versions.deleteOf', { when })}
            onClick={() => void ask()}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  );
}
