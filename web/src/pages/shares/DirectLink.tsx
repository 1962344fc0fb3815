import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { directUrl, links } from '@/api/links';
import type { Space } from '@/api/spaces';
import { Copyable } from '@/components/Copyable';
import { tellDone } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';

/** The link to the bytes of one file. Only shown when asked for: to ask for it is to make it. */
export function DirectLink({ space, fileId }: { space: Space; fileId: number }) {
  const { t } = useTranslation('shares');
  const confirm = useConfirm();
  const [url, setUrl] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const during = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    await work().catch(setProblem);
    setBusy(false);
  };
  const show = () => during(async () => setUrl(directUrl(await links.show(space, fileId))));
  const sure = (title: string, act: string) => confirm({ title, text: t('direct.confirmText'), act });
  const renew = async () => {
    if (!(await sure(t('direct.confirmRenew'), t('direct.renew')))) return;
    await during(async () => setUrl(directUrl(await links.renew(space, fileId))));
  };
  const end = async () => {
    if (!(await sure(t('direct.confirmEnd'), t('direct.end')))) return;
    await during(async () => {
      await links.end(space, fileId);
      setUrl(undefined);
      tellDone(t('direct.ended'));
    });
  };
  return (
    <Stack gap="xs">
      <Title order={3} size="h5">
        {t('direct.title')}
      </Title>
      <Text size="sm" c="dimmed">
        {t('direct.about')}
      </Text>
      {problem !== undefined && <Problem error={problem} />}
      {url && <Copyable text={url} label={t('direct.title')} />}
      <Group gap="xs">
        {url ? (
          <>
            <Button size="xs" variant="default" onClick={renew} loading={busy}>
              {t('direct.renew')}
            </Button>
            <Button size="xs" variant="light" color="red" onClick={end} loading={busy}>
              {t('direct.end')}
            </Button>
          </>
        ) : (
          <Button size="xs" variant="default" onClick={show} loading={busy}>
            {t('direct.show')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
