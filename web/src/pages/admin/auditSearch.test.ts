import { expect, it } from 'vitest';

import { auditSearch, momentsOf } from './auditSearch';

it('takes from the address only what it can mean', () => {
  expect(auditSearch({ action: 'create', from: '2026-01-31', until: 'tomorrow', page: 'x', user_id: 3 })).toEqual({
    action: 'create',
    from: '2026-01-31',
    user_id: 3,
  });
});

it('asks from the first moment of a day up to the last of another', () => {
  const { after, before } = momentsOf('2026-01-31', '2026-01-31');
  expect(Date.parse(before ?? '') - Date.parse(after ?? '')).toBe(86_400_000);
  expect(new Date(after ?? '').getHours()).toBe(0);
  expect(momentsOf(undefined, undefined)).toEqual({});
});
