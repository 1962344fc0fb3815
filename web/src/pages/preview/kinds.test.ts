import { expect, it } from 'vitest';

import { extensionOf, viewerOf } from './kinds';

it.each([
  ['a.PNG', '', 'image'],
  ['scan.pdf', 'application/octet-stream', 'pdf'],
  ['film.webm', '', 'video'],
  ['song.flac', '', 'audio'],
  ['README.md', 'text/markdown', 'markdown'],
  ['table.tsv', '', 'csv'],
  ['a.zip', '', 'zip'],
  ['main.rs', 'text/x-rust', 'text'],
  ['video.ts', 'video/mp2t', 'text'],
  ['Dockerfile', 'application/octet-stream', 'text'],
  ['.gitignore', '', 'text'],
  ['noextension', 'text/plain', 'text'],
  ['noextension', 'application/octet-stream', 'none'],
  ['a.exe', 'application/x-msdownload', 'none'],
  ['photo.heic', 'image/heic', 'none'],
])('%s (%s) is shown by %s', (name, mime_type, viewer) => {
  expect(viewerOf({ name, mime_type })).toBe(viewer);
});

it('takes what stands behind the last dot', () => {
  expect(extensionOf('a.tar.GZ')).toBe('gz');
  expect(extensionOf('none')).toBe('');
});
