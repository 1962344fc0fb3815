/** Calls at the same time; more would only wait for each other at the server. */
const AT_ONCE = 4;

/** One call for each item, a few at a time. Goes on after a failure and ends with the first one. */
export async function inTurns<T>(items: readonly T[], call: (item: T) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const work = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      await call(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  if (failures.length > 0) throw failures[0];
}
