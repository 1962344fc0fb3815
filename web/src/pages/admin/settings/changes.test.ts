import { expect, it } from 'vitest';

import type { Setting } from '@/api/settings';

import { changedValues } from './changes';

const settings = [
  { key: 'urls', value: ['https://a'] },
  { key: 'secs', value: '900' },
] as Setting[];

it('sends what differs, without empty entries and outer spaces', () => {
  const drafts = { urls: ['https://a', ' ', ' https://b '], secs: '900' };
  expect(changedValues(settings, drafts)).toEqual([{ key: 'urls', value: ['https://a', 'https://b'] }]);
});

it('sends nothing when a draft means what is in force', () => {
  expect(changedValues(settings, { urls: ['https://a', ''], secs: ' 900 ' })).toEqual([]);
});
