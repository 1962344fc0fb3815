import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { slug } from '../slug';

interface Props {
  onSubmit: (values: { name: string; namespace?: string }) => Promise<unknown>;
}

export function NameForm({ onSubmit }: Props) {
  const { t } = useTranslation('nodes');
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '', namespace: '' },
    validate: { name: (text) => (text.trim() ? null : t('name.rule')) },
  });
  const act = submit(({ name, namespace }) =>
    onSubmit({ name, ...(namespace.trim() && { namespace: namespace.trim() }) }),
  );
  return (
    <form onSubmit={act} noValidate>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput
          label={t('name.name')}
          description={t('name.nameAbout')}
          placeholder={t('name.namePlaceholder')}
          autoFocus
          required
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('name.namespace')}
          description={t('name.namespaceAbout')}
          placeholder={form.values.name.trim() ? slug(form.values.name) : t('name.namespacePlaceholder')}
          {...form.getInputProps('namespace')}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t('wizard.continue')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
