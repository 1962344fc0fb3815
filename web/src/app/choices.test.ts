import { expect, it } from 'vitest';

import { languageOf, schemeOf, themeOf } from './choices';

it('finds the language that a kept tag means', () => {
  expect(languageOf('zh-CN')).toBe('zh');
  expect(languageOf('EN')).toBe('en');
  expect([languageOf('fr'), languageOf(null), languageOf('')]).toEqual([undefined, undefined, undefined]);
});

it('comes back from the server as what was chosen', () => {
  for (const scheme of ['auto', 'light', 'dark'] as const) expect(schemeOf(themeOf(scheme))).toBe(scheme);
});
