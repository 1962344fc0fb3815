import { useRef } from 'react';

import type { Task } from '@/api/tasks';

import { type Sample, timeLeft } from './estimate';

/** The first look at each attempt, as long as this tab lives: rates are measured from there. */
const firstLooks = new Map<string, Sample>();

/** Milliseconds that a running task still needs, by what this tab has seen of it. */
export function useTimeLeft(task: Task): number | undefined {
  const seen = useRef<Sample & { key: string }>(undefined);
  if (task.status !== 'processing' || task.progress_total === 0) return undefined;
  const key = `${task.id}/${task.attempt_count}`;
  const now: Sample = { at: Date.parse(task.updated_at), done: task.progress_current };
  const first = firstLooks.get(key) ?? beginning(task) ?? now;
  firstLooks.set(key, first);
  if (seen.current?.key !== key || seen.current.done !== now.done) seen.current = { ...now, key };
  return timeLeft(first, seen.current, task.progress_total);
}

/** A first attempt began with nothing done. */
function beginning(task: Task): Sample | undefined {
  return task.attempt_count === 1 && task.started_at ? { at: Date.parse(task.started_at), done: 0 } : undefined;
}
