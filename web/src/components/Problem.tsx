import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';

import { ApiError, UnreachableError } from '@/api/errors';

/** What happened, in the language in use; the server's own sentence stands below it. */
export function headline(error: unknown, t: TFunction): string {
  if (error instanceof UnreachableError) return t('problem.unreachable');
  if (!(error instanceof ApiError)) return t('problem.unexpected');
  if (error.status === 401) return t('problem.signedOut');
  if (error.status === 403) return t('problem.forbidden');
  if (error.status === 404) return t('problem.notFound');
  if (error.status === 409 || error.code === 'remote_node.unique_conflict') return t('problem.conflict');
  if (error.status === 413) return t('problem.tooLarge');
  if (error.status === 423) return t('problem.locked');
  if (error.status === 429) return t('problem.busy');
  if (error.status === 507) return t('problem.full');
  if (error.code.startsWith('storage.')) return t('problem.storage');
  if (error.status >= 500) return t('problem.server');
  return t('problem.refused');
}

function advice(error: unknown, t: TFunction): string {
  if (error instanceof UnreachableError) return t('problem.unreachableTry');
  if (!(error instanceof ApiError)) return t('problem.unexpectedTry');
  if (error.status === 429) return t('problem.busyTry');
  return '';
}

interface Props {
  error: unknown;
  title?: string | undefined;
  retry?: (() => void) | undefined;
}

/** A failure: what happened, what to try, and a button to try again where that makes sense. */
export function Problem({ error, title, retry }: Props) {
  const { t } = useTranslation();
  const said = error instanceof ApiError ? error.message : error instanceof UnreachableError ? '' : String(error);
  const tip = advice(error, t);
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={title ?? headline(error, t)} role="alert">
      <Stack gap="xs">
        {title && <Text size="sm">{headline(error, t)}</Text>}
        {said && (
          <Text size="sm" lang="en">
            {said}
          </Text>
        )}
        {tip && <Text size="sm">{tip}</Text>}
        {retry && (
          <Group>
            <Button size="xs" variant="default" onClick={retry}>
              {t('action.retry')}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
