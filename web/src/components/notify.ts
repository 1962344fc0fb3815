import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';

import { headline } from './Problem';

/** Says in passing that something is done. What failed is said beside the thing that failed, and stays. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'green', autoClose: 4_000 });
}

export function tellFailed(title: string, message: string): void {
  notifications.show({ title, message, color: 'red', autoClose: 10_000 });
}

/** Says of a failed change what happened, when there is no place beside it. */
export function useTellFailure(): (error: unknown) => void {
  const { t } = useTranslation();
  return (error) => tellFailed(headline(error, t), error instanceof Error ? error.message : String(error));
}
