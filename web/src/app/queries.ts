import { QueryClient, type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';

import { ApiError, UnreachableError } from '@/api/errors';
import { announce, onAnnouncement } from '@/api/tabs';

const MOST_RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses once it refuses again; a server that is away pauses the query instead.
      retry: (failures, error) =>
        failures < MOST_RETRIES &&
        (error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500 && error.retryable)),
    },
    // Somebody waits for the outcome, so a server that is away is a failure now, not a promise for later.
    mutations: { networkMode: 'always', retry: false },
  },
});

onAnnouncement((message) => {
  if (message.kind !== 'changed') return;
  for (const queryKey of message.keys) void queryClient.invalidateQueries({ queryKey });
});

/** A change on the server: afterwards `keys` are read anew, in this tab and in the others. */
export function useChange<Input, Output>(
  run: (input: Input) => Promise<Output>,
  keys: readonly QueryKey[],
  done?: (output: Output, input: Input) => void,
) {
  const client = useQueryClient();
  return useMutation<Output, Error, Input>({
    mutationFn: run,
    onSuccess: async (output, input) => {
      announce({ kind: 'changed', keys });
      await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
      done?.(output, input);
    },
  });
}
