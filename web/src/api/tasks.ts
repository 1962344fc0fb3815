import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { get, post } from './client';
import type { Page, PageRequest } from './page';

export const TASK_STATES = ['pending', 'processing', 'retry', 'succeeded', 'failed', 'canceled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

export interface TaskStep {
  title: string;
  status: TaskState;
}

export interface Task {
  id: number;
  kind: string;
  status: TaskState;
  progress_current: number;
  /** 0 while it is not known. */
  progress_total: number;
  progress_percent: number;
  status_text: string;
  steps: TaskStep[];
  attempt_count: number;
  max_attempts: number;
  result: unknown;
  can_retry: boolean;
  can_cancel: boolean;
  cancel_requested: boolean;
  last_error: string | null;
  created_by_user_id: number | null;
  space_id: number | null;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  finished_at: string | null;
  next_run_at: string | null;
}

export interface TaskFilter {
  kind?: string;
  /** States, with commas between them. */
  status?: string;
}

/** What a storage migration is asked for with. */
export interface MigrationRequest {
  source_policy_id: number;
  target_policy_id: number;
  delete_source_after_success: boolean;
}

export type Migration = Task & Partial<MigrationRequest>;

/** What a migration would do, and what stands against it. */
export interface DryRun extends MigrationRequest {
  blobs: number;
  bytes: number;
  largest_blob: number;
  target_max_file_size: number;
  oversized_blobs: number;
  target_free_bytes: number | null;
  enough_room: boolean | null;
  can_start: boolean;
  problems: string[];
}

export const MIGRATION_KIND = 'storage_policy_migration';

export const tasks = {
  retry: (id: number) => post<Task>(`/admin/tasks/${id}/retry`),
  cancel: (id: number) => post<Task>(`/admin/tasks/${id}/cancel`),
  cleanUp: (olderThanHours: number) =>
    post<{ removed: number }>('/admin/tasks/cleanup', { older_than_hours: olderThanHours }),
};

export const migrations = {
  dryRun: (wanted: MigrationRequest) => post<DryRun>('/admin/storage-migrations/dry-run', wanted),
  start: (wanted: MigrationRequest) => post<Migration>('/admin/storage-migrations', wanted),
};

export const isOver = (state: TaskState) => state === 'succeeded' || state === 'failed' || state === 'canceled';

/** While something is under way. */
const SOON_MS = 1_500;
const LATER_MS = 10_000;

export const tasksQuery = (filter: TaskFilter, page: PageRequest) =>
  queryOptions({
    queryKey: ['tasks', filter, page],
    queryFn: ({ signal }) => get<Page<Task>>('/admin/tasks', { query: { ...filter, ...page }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.items.some((task) => !isOver(task.status) && task.next_run_at === null) ? SOON_MS : LATER_MS,
  });

export const taskQuery = (id: number) =>
  queryOptions({
    queryKey: ['tasks', 'one', id],
    queryFn: ({ signal }) => get<Task>(`/admin/tasks/${id}`, { signal }),
    refetchInterval: (query) => {
      const task = query.state.data;
      return task && isOver(task.status) ? LATER_MS : SOON_MS;
    },
  });
