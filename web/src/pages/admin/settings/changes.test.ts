import { expect, it } from 'vitest';

import type { Setting } from '@/api/settings';

import { changedValues } from './changes';

const settings = [
  { key: 'urls', value: ['https://a'], source: 'database' },
  { key: 'secs', value: '900', source: 'default' },
] as Setting[];

it('sends what differs, without empty entries and outer spaces', () => {
  const drafts = { urls: ['https://a', ' ', ' https://b '], secs: '900' };
  expect(changedValues(settings, drafts)).toEqual([{ key: 'urls', value: ['https://a', 'https://b'] }]);
});

it('sends nothing when a draft means what is in force', () => {
  expect(changedValues(settings, { urls: ['https://a', ''], secs: ' 900 ' })).toEqual([]);
});

it('returns to the default what was set, and leaves alone what is at its default already', () => {
  expect(changedValues(settings, { urls: null, secs: null })).toEqual([{ key: 'urls', value: null }]);
});
