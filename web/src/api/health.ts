import { queryOptions } from '@tanstack/react-query';

/** Which release of the server answers. */
export interface Health {
  status: string;
  version: string;
  build_time: string;
}

async function health(signal: AbortSignal): Promise<Health> {
  const reply = await fetch('/health', { signal });
  const envelope = (await reply.json()) as { data: Health };
  return envelope.data;
}

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => health(signal),
  staleTime: 600_000,
});
