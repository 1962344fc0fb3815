import { queryOptions } from '@tanstack/react-query';

import { get } from './client';

export interface BootstrapStep {
  kind: string;
  node?: string;
  name: string;
  state: 'pending' | 'failed' | 'done';
  message: string;
  since: string;
}

/** How far the declared bootstrap is. */
export interface Bootstrap {
  declared: boolean;
  satisfied: boolean;
  steps: BootstrapStep[];
}

export const bootstrapQuery = queryOptions({
  queryKey: ['bootstrap'],
  queryFn: ({ signal }) => get<Bootstrap>('/admin/bootstrap', { signal }),
  refetchInterval: (query) => (query.state.data?.satisfied === false ? 3_000 : false),
});
