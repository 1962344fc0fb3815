import { TASK_STATES, type TaskState } from '@/api/tasks';

/** Which tasks are shown, as it stands in the address. */
export interface TaskSearch {
  status?: TaskState;
  kind?: string;
  /** From 1. */
  page?: number;
}

export function taskSearch(search: Record<string, unknown>): TaskSearch {
  const status = TASK_STATES.find((state) => state === search.status);
  return {
    ...(status && { status }),
    ...(typeof search.kind === 'string' && { kind: search.kind }),
    ...(Number.isSafeInteger(search.page) && { page: search.page as number }),
  };
}
