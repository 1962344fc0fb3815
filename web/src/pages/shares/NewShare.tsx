import { Button, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { type DriveItem, isFile } from '@/api/files';
import { shareKeys, shares } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { Problem } from '@/components/Problem';

import { DirectLink } from './DirectLink';
import { TermsFields } from './TermsFields';
import { termsOf } from './terms';
import { useTermsForm } from './useTermsForm';

export function NewShare({ space, item }: { space: Space; item: DriveItem }) {
  const { t } = useTranslation('shares');
  const { form, problem, submit, busy } = useTermsForm();
  const create = useChange(
    (terms: Parameters<typeof shares.create>[2]) => shares.create(space, item, terms),
    shareKeys(space),
  );
  return (
    <Stack>
      <form onSubmit={submit((values) => create.mutateAsync(termsOf(values, Date.now())))}>
        <Stack>
          <Text size="sm">{isFile(item) ? t('dialog.new') : t('dialog.newFolder')}</Text>
          {problem !== undefined && <Problem error={problem} />}
          <TermsFields form={form} />
          <Group justify="flex-end">
            <Button type="submit" loading={busy} data-autofocus>
              {t('dialog.create')}
            </Button>
          </Group>
        </Stack>
      </form>
      {isFile(item) && <DirectLink space={space} fileId={item.id} />}
    </Stack>
  );
}
