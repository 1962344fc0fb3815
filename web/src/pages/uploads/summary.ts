import { isActive, isOver, type Status, type UploadItem } from './item';

/** What the head of the panel says about all uploads at once. */
export interface Summary {
  kind: 'active' | 'waiting' | 'paused' | 'needsFile' | 'failed' | 'done';
  count: number;
}

/** The most urgent thing first: what moves, then what waits for the person, then what is over. */
export function summaryOf(items: readonly UploadItem[]): Summary | undefined {
  const count = (test: (status: Status) => boolean) => items.filter(({ status }) => test(status)).length;
  const active = count(isActive);
  if (active > 0) {
    const working = count((status) => isActive(status) && status !== 'queued');
    const waits = working > 0 && count((status) => status === 'waiting') === working;
    return { kind: waits ? 'waiting' : 'active', count: active };
  }
  for (const [status, kind] of [
    ['needs-file', 'needsFile'],
    ['failed', 'failed'],
    ['paused', 'paused'],
    ['done', 'done'],
  ] as const) {
    const found = count((each) => each === status);
    if (found > 0) return { kind, count: found };
  }
  return undefined;
}

/** Bytes of all uploads that are under way or done; what failed does not hold the bar back. */
export function totals(items: readonly UploadItem[]): { sent: number; size: number } {
  let sent = 0;
  let size = 0;
  for (const item of items) {
    if (item.status === 'failed') continue;
    sent += item.status === 'done' ? item.size : item.sent;
    size += item.size;
  }
  return { sent, size };
}

/** Most rows that are drawn: a folder of ten thousand files is a number, not a list to read. */
export const MOST_ROWS = 100;
const RANK: Record<Status, number> = {
  'needs-file': 0,
  failed: 1,
  waiting: 2,
  finishing: 2,
  sending: 2,
  starting: 2,
  paused: 3,
  queued: 4,
  done: 5,
};

/** The rows to show, what needs a look first; within a state the order in which they were asked for. */
export function rowsOf(items: readonly UploadItem[]): { rows: UploadItem[]; more: number } {
  const sorted = [...items].sort((one, other) => RANK[one.status] - RANK[other.status]);
  return { rows: sorted.slice(0, MOST_ROWS), more: Math.max(0, sorted.length - MOST_ROWS) };
}

/** Whether closing the panel hides nothing that somebody waits for. */
export const isIdle = (items: readonly UploadItem[]): boolean => items.every(({ status }) => isOver(status));
