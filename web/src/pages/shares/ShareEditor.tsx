import { Alert, Button, Center, Divider, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

import { type Share, shareKeys, shares, shareUrl } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { useChange } from '@/app/queries';
import { Copyable } from '@/components/Copyable';
import { tellDone, useTellFailure } from '@/components/notify';
import { Problem } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';

import { DirectLink } from './DirectLink';
import { QrCode } from './QrCode';
import { ShareStatusBadge } from './ShareStatusBadge';
import { TermsFields } from './TermsFields';
import { formOf, termsOf } from './terms';
import { useShareUse } from './useShareUse';
import { useTermsForm } from './useTermsForm';

/** A share that there is: its link, its terms, its end. */
export function ShareEditor({ space, share, onGone }: { space: Space; share: Share; onGone: () => void }) {
  const { t } = useTranslation('shares');
  const confirm = useConfirm();
  const tellFailure = useTellFailure();
  const use = useShareUse();
  const { form, problem, submit, busy } = useTermsForm(formOf(share));
  const change = useChange(
    (terms: Parameters<typeof shares.change>[2]) => shares.change(space, share.id, terms),
    shareKeys(space),
    () => tellDone(t('dialog.saved')),
  );
  const remove = useChange(() => shares.remove(space, share.id), shareKeys(space), onGone);
  const end = async () => {
    const question = { title: t('confirm.title', { count: 1 }), text: t('confirm.text'), act: t('confirm.act') };
    if (await confirm(question)) remove.mutate(undefined, { onError: tellFailure });
  };
  return (
    <Stack>
      <Group justify="space-between">
        <ShareStatusBadge status={share.status} />
        <Text size="sm" c="dimmed">
          {use(share)}
        </Text>
      </Group>
      {share.status !== 'active' && <Alert color="yellow">{t(`statusText.${share.status}`)}</Alert>}
      <Copyable text={shareUrl(share)} label={t('dialog.link')} />
      <Center>
        <QrCode text={shareUrl(share)} label={t('dialog.qr')} />
      </Center>
      <form onSubmit={submit((values) => change.mutateAsync(termsOf(values, Date.now())))}>
        <Stack>
          {problem !== undefined && <Problem error={problem} />}
          <TermsFields form={form} hasPassword={share.has_password} />
          <Group justify="space-between">
            <Button variant="light" color="red" onClick={end} loading={remove.isPending}>
              {t('dialog.delete')}
            </Button>
            <Button type="submit" loading={busy} disabled={!form.isDirty()}>
              {t('dialog.save')}
            </Button>
          </Group>
        </Stack>
      </form>
      {share.target.type === 'file' && (
        <>
          <Divider />
          <DirectLink space={space} fileId={share.target.id} />
        </>
      )}
    </Stack>
  );
}
