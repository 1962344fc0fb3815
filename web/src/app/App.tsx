import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { SessionEndedDialog } from '@/components/SessionEndedDialog';

import { cspNonce } from './nonce';
import { queryClient } from './queries';
import { router } from './router';
import { cssVariables, themeWith } from './theme';

/** The same place that `theme.js` reads before the first paint. */
const colorScheme = localStorageColorSchemeManager({ key: 'aster-color-scheme' });

export function App() {
  const { t } = useTranslation();
  const theme = useMemo(() => themeWith(t('action.close')), [t]);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      getStyleNonce={cspNonce}
    >
      <QueryClientProvider client={queryClient}>
        <Suspense>
          <ModalsProvider>
            <Notifications position="bottom-right" />
            <RouterProvider router={router} />
            <SessionEndedDialog />
          </ModalsProvider>
        </Suspense>
      </QueryClientProvider>
    </MantineProvider>
  );
}
