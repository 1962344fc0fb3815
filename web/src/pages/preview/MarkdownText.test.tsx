import { render } from '@testing-library/react';
import { expect, it } from 'vitest';

import { MarkdownText } from './MarkdownText';

const html = (text: string) => render(<MarkdownText text={text} />).container;

it('renders structure, tables and lists', () => {
  const page = html('# Title\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n');
  expect(page.querySelector('h1')?.textContent).toBe('Title');
  expect(page.querySelectorAll('td')).toHaveLength(2);
  expect(page.querySelector('input')).toBeNull();
});

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<iframe src="https://evil.example"></iframe>',
  'a <b onclick="alert(1)">b</b>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](data:text/html,<script>1</script>)',
  '![x](https://evil.example/pixel.png)',
  '<style>*{display:none}</style>',
])('lets nothing of %s become active', (text) => {
  const page = html(text);
  for (const active of page.querySelectorAll('script, img, iframe, style, object, embed, b')) {
    throw new Error(`${active.outerHTML} came of ${text}`);
  }
  for (const link of page.querySelectorAll('a')) expect(link.getAttribute('href')).toMatch(/^(https?:\/\/|mailto:)/);
  const attributes = [...page.querySelectorAll('*')].flatMap((element) => element.getAttributeNames());
  expect(attributes.filter((name) => name.startsWith('on'))).toEqual([]);
});

it('opens links elsewhere, without telling where they were followed from', () => {
  const link = html('[x](https://example.com)').querySelector('a');
  expect(link?.getAttribute('rel')).toBe('noopener noreferrer');
  expect(link?.getAttribute('target')).toBe('_blank');
});
