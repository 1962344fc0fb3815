import { expect, it } from 'vitest';

import { inTurns } from './inTurns';

it('calls for each, a few at a time', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await inTurns([1, 2, 3, 4, 5, 6, 7, 8, 9], async (item) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
    done.push(item);
  });
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(4);
});

it('goes on after a failure and tells the first', async () => {
  const done: number[] = [];
  const call = async (item: number) => {
    if (item % 2 === 0) throw new Error(`no ${item}`);
    done.push(item);
  };
  await expect(inTurns([1, 2, 3, 4, 5], call)).rejects.toThrow('no 2');
  expect(done).toEqual([1, 3, 5]);
});
