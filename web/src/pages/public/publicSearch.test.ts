import { expect, it } from 'vitest';

import { publicSearch } from './publicSearch';

it('takes a path of ids and nothing else', () => {
  expect(publicSearch({ path: [3, 14] })).toEqual({ path: [3, 14] });
  for (const path of [undefined, [], 'x', [1, 'x'], [0], [-1], [1.5], Array.from({ length: 200 }, () => 1)]) {
    expect(publicSearch({ path })).toEqual({});
  }
});
