import { Alert, Button, Group, Stack, TextInput } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

import { settings as calls, PUBLIC_SITE_URL } from '@/api/settings';
import { useChange } from '@/app/queries';
import { Problem } from '@/components/Problem';
import { useServerForm } from '@/components/useServerForm';

interface Props {
  urls: string[];
  onDone: () => void;
}

/** The first address of the site; filled in from the address bar while there is none. */
export function SiteUrlForm({ urls, onDone }: Props) {
  const { t } = useTranslation('admin');
  const { form, problem, submit, busy } = useServerForm({
    initialValues: { url: urls[0] ?? window.location.origin },
    names: { [PUBLIC_SITE_URL]: 'url' },
  });
  const save = useChange(
    (url: string) => calls.set(PUBLIC_SITE_URL, [url, ...urls.filter((other) => other !== url && other !== urls[0])]),
    [['settings']],
  );
  const act = submit(async ({ url }) => {
    const wanted = url.trim().replace(/\/$/, '');
    if (wanted !== urls[0]) await save.mutateAsync(wanted);
    onDone();
  });
  return (
    <form onSubmit={act}>
      <Stack>
        {problem !== undefined && <Problem error={problem} />}
        <TextInput
          label={t('welcome.addressLabel')}
          description={t('welcome.addressText')}
          required
          {...form.getInputProps('url')}
        />
        {form.values.url === window.location.origin && (
          <Alert color="green" icon={<IconCircleCheck aria-hidden />}>
            {t('welcome.addressSame')}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t('welcome.next')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
