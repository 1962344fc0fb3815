import { expect, it } from 'vitest';

import { safeNext } from './session';

it.each(['/', '/admin/remote-nodes/3/setup', '/admin/audit?page=2#x'])('goes on to %s', (path) => {
  expect(safeNext(path)).toBe(path);
});

it.each([undefined, 5, '', 'https://evil.example', '//evil.example', '/\\evil.example', '/\t/evil.example', 'x'])(
  'never leads to %s',
  (path) => {
    expect(safeNext(path)).toBe('/');
  },
);
