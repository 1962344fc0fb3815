import { expect, it } from 'vitest';

import { byteTicks } from './ticks';

it.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [861_800, [0, 262_144, 524_288, 786_432, 1_048_576]],
  [900 * 1024 ** 3, [0, 256, 512, 768, 1024].map((gib) => gib * 1024 ** 3)],
])('marks an axis up to %s', (most, ticks) => {
  expect(byteTicks(most)).toEqual(ticks);
});
