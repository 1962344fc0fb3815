import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/errors';
import type { DriveItem } from '@/api/files';
import { type Share, type ShareTerms, shareKeys, shares, shareUrl } from '@/api/shares';
import type { Space } from '@/api/spaces';
import { announce } from '@/api/tabs';
import { Copyable } from '@/components/Copyable';
import { Problem } from '@/components/Problem';

import { TermsFields } from './TermsFields';
import { termsOf } from './terms';
import { useTermsForm } from './useTermsForm';

/** A share for each of several items, under the same terms. */
export function ManyShares({ space, items }: { space: Space; items: DriveItem[] }) {
  const { t } = useTranslation('shares');
  const client = useQueryClient();
  const { form, problem, submit, busy } = useTermsForm();
  const [made, setMade] = useState<Share[]>();
  const create = async (terms: ShareTerms) => {
    const all: Share[] = [];
    try {
      for (const item of items) all.push(await shareOrFind(space, item, terms));
      setMade(all);
    } finally {
      const keys = shareKeys(space);
      announce({ kind: 'changed', keys });
      for (const queryKey of keys) void client.invalidateQueries({ queryKey });
    }
  };
  if (made) {
    const text = made.map((share) => `${share.resource_name}: ${shareUrl(share)}`).join('\n');
    return (
      <Stack>
        <Alert color="green" title={t('dialog.manyDone')} role="status" />
        <Copyable text={text} label={t('dialog.link')} />
      </Stack>
    );
  }
  return (
    <form onSubmit={submit((values) => create(termsOf(values, Date.now())))}>
      <Stack>
        <Text size="sm">{t('dialog.manyAbout')}</Text>
        {problem !== undefined && <Problem error={problem} />}
        <TermsFields form={form} />
        <Group justify="flex-end">
          <Button type="submit" loading={busy}>
            {t('dialog.manyCreate')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

async function shareOrFind(space: Space, item: DriveItem, terms: ShareTerms): Promise<Share> {
  try {
    return await shares.create(space, item, terms);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const found = await shares.find(space, item);
    if (!found) throw error;
    return found;
  }
}
