import { expect, it } from 'vitest';

import { timeLeft } from './estimate';

it('goes on at the rate that was seen', () => {
  expect(timeLeft({ at: 0, done: 100 }, { at: 10_000, done: 200 }, 500)).toBe(30_000);
  expect(timeLeft({ at: 0, done: 0 }, { at: 10_000, done: 600 }, 500)).toBe(0);
});

it('tells nothing while nothing moves, the end is not known, or too little was seen', () => {
  expect(timeLeft({ at: 0, done: 5 }, { at: 10_000, done: 5 }, 500)).toBeUndefined();
  expect(timeLeft({ at: 0, done: 5 }, { at: 10_000, done: 9 }, 0)).toBeUndefined();
  expect(timeLeft({ at: 0, done: 5 }, { at: 500, done: 9 }, 500)).toBeUndefined();
});
