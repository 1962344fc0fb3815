import { ActionIcon, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import type { DriveItem } from '@/api/files';
import { NOTES, type Property, properties, propertiesQuery } from '@/api/properties';
import type { Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { Loaded } from '@/components/Loaded';
import { useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

interface Props {
  space: Space;
  item: DriveItem;
}

/** Properties that people, or programs over WebDAV, gave to an item. */
export function Notes({ space, item }: Props) {
  const { t } = useTranslation('drive');
  const query = useQuery(propertiesQuery(space, item));
  const [adding, form] = useDisclosure();
  return (
    <section>
      <Title order={3} size="h6" mb="xs">
        {t('notes.title')}
      </Title>
      <Loaded query={query} rows={1}>
        {(list) => (
          <Stack gap="xs">
            {list.map((property) => (
              <Line key={`${property.namespace} ${property.name}`} space={space} item={item} property={property} />
            ))}
            {adding ? (
              <NewNote space={space} item={item} onDone={form.close} />
            ) : (
              <Group>
                <Button size="compact-sm" variant="light" onClick={form.open}>
                  {t('notes.add')}
                </Button>
              </Group>
            )}
          </Stack>
        )}
      </Loaded>
    </section>
  );
}

function Line({ space, item, property }: Props & { property: Property }) {
  const { t } = useTranslation('drive');
  const tell = useTellFailure();
  const key = propertiesQuery(space, item).queryKey;
  const remove = useChange(() => properties.remove(space, item, property), [key]);
  // Without a namespace it was noted by a program, and cannot be named over this way.
  const canRemove = property.namespace !== '';
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
      <div>
        <Text size="xs" c="dimmed" title={property.namespace}>
          {property.name}
        </Text>
        <Text size="sm">{property.value}</Text>
      </div>
      {canRemove && (
        <ActionIcon
          variant="subtle"
          color="gray"
          loading={remove.isPending}
          aria-label={t('notes.remove', { name: property.name })}
          onClick={() => remove.mutate(undefined, { onError: tell })}
        >
          <IconX size={16} aria-hidden />
        </ActionIcon>
      )}
    </Group>
  );
}

function NewNote({ space, item, onDone }: Props & { onDone: () => void }) {
  const { t } = useTranslation(['drive', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '', value: '' },
    validate: { name: (text) => (text.trim() ? null : t('name.empty')) },
  });
  const add = useChange(
    (property: Property) => properties.set(space, item, property),
    [propertiesQuery(space, item).queryKey],
    onDone,
  );
  return (
    <form
      noValidate
      onSubmit={submit(({ name, value }) => add.mutateAsync({ namespace: NOTES, name: name.trim(), value }))}
    >
      <Stack gap="xs">
        {problem !== undefined && <Problem error={problem} />}
        <TextInput size="xs" label={t('notes.name')} data-autofocus required {...form.getInputProps('name')} />
        <TextInput size="xs" label={t('notes.value')} {...form.getInputProps('value')} />
        <Group justify="flex-end" gap="xs">
          <Button size="xs" variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
          <Button size="xs" type="submit" loading={busy}>
            {t('common:action.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
