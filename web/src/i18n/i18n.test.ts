import { describe, expect, it } from 'vitest';

import { firstLanguage } from '.';

type Texts = { [key: string]: string | Texts };

const files = import.meta.glob<Texts>('./{en,zh}/*.json', { eager: true, import: 'default' });
const spaces = Object.keys(files)
  .filter((path) => path.startsWith('./en/'))
  .map((path) => path.slice('./en/'.length));

function flat(texts: Texts, prefix = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`),
  );
}

const placeholders = (text: string) => [...text.matchAll(/{{\s*(\w+)/g)].map((match) => match[1]).sort();

it('has the same files in both languages', () => {
  const chinese = Object.keys(files).filter((path) => path.startsWith('./zh/'));
  expect(chinese.map((path) => path.slice('./zh/'.length)).sort()).toEqual([...spaces].sort());
});

describe.each(spaces)('%s', (space) => {
  const english = new Map(flat(files[`./en/${space}`] ?? {}));
  const chinese = new Map(flat(files[`./zh/${space}`] ?? {}));

  it('has every key in both languages', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('fills the same gaps in both languages', () => {
    for (const [key, text] of english) expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(text));
  });

  it('has no empty text, and Chinese where Chinese belongs', () => {
    const same = new Set(['app.name', 'enroll.label.docker', 'enroll.label.compose', 'enroll.way.docker']);
    const alike = [
      'enroll.way.compose',
      'name.namespacePlaceholder',
      'hint.targetFailed',
      'category.webdav',
      'audit.sentence',
      'usage.of',
    ];
    for (const platform of ['windows', 'macos', 'linux', 'rclone']) same.add(`platform.${platform}`);
    for (const key of ['webdav.name', 'webdav.title', 'inUnit']) same.add(key);
    for (const key of alike) same.add(key);
    for (const [key, text] of chinese) {
      expect(text.trim(), key).not.toBe('');
      if (!same.has(key)) expect(/\p{Script=Han}/u.test(text), `${key}: ${text}`).toBe(true);
    }
  });
});

it('begins with the choice made here, then with the language of the browser, then with English', () => {
  expect(firstLanguage('zh', ['en-US'])).toBe('zh');
  expect(firstLanguage(null, ['fr', 'zh-Hans-CN', 'en'])).toBe('zh');
  expect(firstLanguage('xx', ['de'])).toBe('en');
});
