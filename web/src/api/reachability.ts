import { onlineManager } from '@tanstack/react-query';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

let unreachable = false;
let pause = FIRST_PAUSE_MS;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Queries wait while the server is away and go on by themselves when it is back. */
export function reportUnreachable(): void {
  if (!unreachable) {
    unreachable = true;
    pause = FIRST_PAUSE_MS;
    onlineManager.setOnline(false);
  }
  schedule();
}

export function reportReachable(): void {
  if (!unreachable) return;
  unreachable = false;
  clearTimeout(timer);
  timer = undefined;
  onlineManager.setOnline(true);
}

/** Looks now instead of at the end of the pause. */
export async function lookAgain(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  try {
    const reply = await fetch('/health', { cache: 'no-store' });
    if (!reply.ok) throw new Error(`${reply.status}`);
    reportReachable();
  } catch {
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    schedule();
  }
}

function schedule(): void {
  timer ??= setTimeout(lookAgain, pause);
}

if (typeof window !== 'undefined') {
  window.addEventListener('offline', reportUnreachable);
  window.addEventListener('online', () => void lookAgain());
  if (!navigator.onLine) reportUnreachable();
}
