const STORED = 'aster-upload-tab';
const lockOf = (tab: string) => `aster-upload-tab-${tab}`;

/**
 * Which tab this is. The name outlives a reload and ends with the tab. As long as a tab lives it holds a lock of its
 * name, so that another one can tell whether a left upload is somebody's; browsers offer locks on HTTPS and localhost.
 */
export async function thisTab(): Promise<string> {
  const before = sessionStorage.getItem(STORED);
  // A duplicated tab begins with a copy of the name, but not with the lock.
  if (before && (await hold(before))) return before;
  const fresh = crypto.getRandomValues(new Uint32Array(2)).join('-');
  sessionStorage.setItem(STORED, fresh);
  await hold(fresh);
  return fresh;
}

/** Whether what `tab` left may be taken over by `mine`. */
export async function isFree(tab: string, mine: string): Promise<boolean> {
  if (tab === mine) return true;
  if (!navigator.locks) return false;
  return navigator.locks.request(lockOf(tab), { ifAvailable: true }, (lock) => lock !== null);
}

function hold(tab: string): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    void navigator.locks.request(lockOf(tab), { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      // Until the tab is closed.
      return lock ? new Promise<never>(() => {}) : undefined;
    });
  });
}

/** Of several tabs that open together each sees what the one before has taken. */
export function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('aster-upload-takeover', work) : work();
}
