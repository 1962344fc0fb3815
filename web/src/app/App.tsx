import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Suspense } from 'react';

import { SessionEndedDialog } from '@/components/SessionEndedDialog';

import { cspNonce } from './nonce';
import { queryClient } from './queries';
import { router } from './router';
import { cssVariables, theme } from './theme';

/** The same place that `theme.js` reads before the first paint. */
const colorScheme = localStorageColorSchemeManager({ key: 'aster-color-scheme' });

export function App() {
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
