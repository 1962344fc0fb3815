import { expect, it } from 'vitest';

import type { Share } from '@/api/shares';

import { formOf, localTime, NEW_TERMS, termsOf, whyNot } from './terms';

const NOW = Date.parse('2026-03-01T12:00:00Z');

it('sends no password where none was typed, and an empty one to remove it', () => {
  expect(termsOf(NEW_TERMS, NOW)).toEqual({ expires_at: null, max_downloads: 0 });
  expect(termsOf({ ...NEW_TERMS, password: 'x' }, NOW).password).toBe('x');
  expect(termsOf({ ...NEW_TERMS, password: 'x', removePassword: true }, NOW).password).toBe('');
});

it('counts days from now', () => {
  expect(termsOf({ ...NEW_TERMS, expiry: 'week' }, NOW).expires_at).toBe('2026-03-08T12:00:00.000Z');
});

it('shows a time as it was, and sends it back unchanged', () => {
  const share = { expires_at: '2026-05-06T07:08:00.000Z', max_downloads: 3 } as Share;
  const form = formOf(share);
  expect(form).toMatchObject({ expiry: 'at', limit: 3, at: localTime(new Date(share.expires_at ?? '')) });
  expect(termsOf(form, NOW)).toEqual({ expires_at: share.expires_at, max_downloads: 3 });
});

it('refuses a time that is missing or over', () => {
  expect(whyNot({ ...NEW_TERMS, expiry: 'at' }, NOW)).toBe('terms.atMissing');
  expect(whyNot({ ...NEW_TERMS, expiry: 'at', at: '2020-01-01T00:00' }, NOW)).toBe('terms.past');
  expect(whyNot({ ...NEW_TERMS, expiry: 'at', at: '2030-01-01T00:00' }, NOW)).toBeNull();
  expect(whyNot({ ...NEW_TERMS, at: 'nonsense' }, NOW)).toBeNull();
});
