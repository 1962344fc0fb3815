import { useTranslation } from 'react-i18next';

import { type Task, tasks } from '@/api/tasks';
import { useChange } from '@/app/queries';
import { useTellFailure } from '@/components/notify';
import { useConfirm } from '@/components/useConfirm';

import { useKindName } from './words';

/** Ends or repeats a task; ending asks first. */
export function useTaskActions(task: Task) {
  const { t } = useTranslation('console');
  const confirm = useConfirm();
  const tell = useTellFailure();
  const kindName = useKindName();
  const keys = [['tasks'], ['overview']];
  const cancel = useChange(() => tasks.cancel(task.id), keys);
  const retry = useChange(() => tasks.retry(task.id), keys);
  const askCancel = async () => {
    const sure = await confirm({
      title: t('tasks.cancelTitle', { kind: kindName(task.kind) }),
      text: t('tasks.cancelText'),
      act: t('tasks.cancel'),
    });
    if (sure) cancel.mutate(undefined, { onError: tell });
  };
  return {
    cancel: askCancel,
    retry: () => retry.mutate(undefined, { onError: tell }),
    busy: cancel.isPending || retry.isPending,
  };
}
