import { ApiError, UnreachableError } from '@/api/errors';

/** Tries of one request that got no further, before it is given up. */
const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;

/** What waiting needs of the world; tests have their own. */
export interface Patience {
  /** Waits, and stops waiting when `signal` says so. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when the server is there, as far as is known. */
  online: (signal: AbortSignal) => Promise<void>;
}

/** Whether the same request may have another outcome soon. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof ApiError && (error.status === 429 || (error.status >= 500 && error.retryable));
}

/** Doubles from one try to the next. */
export const pauseBefore = (attempt: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));

/**
 * Repeats what fails for a passing reason. While the server is away it waits without counting; `waiting` says when it
 * does, so that a page can show it.
 */
export async function persistently<T>(
  work: () => Promise<T>,
  patience: Patience,
  signal: AbortSignal,
  waiting: (waits: boolean) => void = () => {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isPassing(error) || attempt >= MOST_TRIES) throw error;
      waiting(true);
      try {
        await patience.pause(pauseBefore(attempt), signal);
        await patience.online(signal);
      } finally {
        waiting(false);
      }
    }
  }
}
