import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Question {
  title: string;
  text: ReactNode;
  /** The word on the button that does it: a verb. */
  act: string;
  danger?: boolean;
}

/** Asks before something that cannot be undone; gives whether it was confirmed. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  const { t } = useTranslation();
  return ({ title, text, act, danger = true }) =>
    new Promise((answer) => {
      modals.openConfirmModal({
        title,
        children: (
          <Text size="sm" component="div">
            {text}
          </Text>
        ),
        labels: { confirm: act, cancel: t('action.cancel') },
        confirmProps: danger ? { color: 'red.8' } : {},
        onConfirm: () => answer(true),
        onCancel: () => answer(false),
        onClose: () => answer(false),
      });
    });
}
