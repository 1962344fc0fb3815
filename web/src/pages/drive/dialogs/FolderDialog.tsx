import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

import { nameProblem } from '../names';
import type { Acts } from '../useActs';

interface Props {
  acts: Acts;
  onClose: () => void;
}

export function FolderDialog({ acts, onClose }: Props) {
  const { t } = useTranslation(['drive', 'common']);
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { name: '' },
    validate: {
      name: (text) => {
        const wrong = nameProblem(text.trim());
        return wrong ? t(wrong) : null;
      },
    },
  });
  const create = submit(async ({ name }) => {
    await acts.changes.createFolder(acts.folderId ?? null, name.trim());
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={t('new.folder')}>
      <form onSubmit={create} noValidate>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TextInput
            label={t('name.label')}
            placeholder={t('new.placeholder')}
            autoComplete="off"
            required
            data-autofocus
            {...form.getInputProps('name')}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common:action.cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {t('new.create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
