import { expect, it } from 'vitest';

import { PERSONAL, teamSpace } from '@/api/spaces';
import { fileWith, folderWith } from '@/testing/drive';
import { mayMove } from './dnd';
import { nameProblem } from './names';
import { folderPath, placeOf, searchPath, spaceOf, trashPath } from './paths';
import { asks, filterOf, readSearch } from './search/filter';
import { rolesFor } from './teams/roles';

it.each([
  ['/', PERSONAL, null],
  ['/drive/folder/7', PERSONAL, 7],
  ['/teams/3', teamSpace(3), null],
  ['/teams/3/folder/7', teamSpace(3), 7],
])('%s is the address of a folder, there and back', (path, space, folderId) => {
  expect(placeOf(path)).toEqual({ space, folderId });
  expect(folderPath({ space, folderId })).toBe(path);
});

it('addresses without a folder still have a space', () => {
  for (const path of [trashPath(teamSpace(3)), searchPath(teamSpace(3)), '/teams/3/manage']) {
    expect(placeOf(path)).toBeUndefined();
    expect(spaceOf(path)).toEqual(teamSpace(3));
  }
  for (const path of ['/drive/trash', '/teams', '/admin/users', '/teams/x']) expect(spaceOf(path)).toEqual(PERSONAL);
});

it.each([
  ['', 'name.empty'],
  ['a/b', 'name.forbidden'],
  ['a\u0000', 'name.forbidden'],
  ['what?', 'name.forbidden'],
  ['dot.', 'name.ending'],
  ['图'.repeat(86), 'name.tooLong'],
  ['图'.repeat(85), undefined],
  ['.gitignore', undefined],
])('says of the name "%s": %s', (name, problem) => {
  expect(nameProblem(name)).toBe(problem);
});

it('lets things go only where they can', () => {
  const dragged = { space: PERSONAL, items: [folderWith(1), fileWith(2)], from: null };
  expect(mayMove(dragged, { space: PERSONAL, folderId: 2 })).toBe(true);
  expect(mayMove(dragged, { space: PERSONAL, folderId: 1 })).toBe(false);
  expect(mayMove(dragged, { space: PERSONAL, folderId: null })).toBe(false);
  expect(mayMove(dragged, { space: PERSONAL, folderId: null }, true)).toBe(true);
  expect(mayMove(dragged, { space: teamSpace(1), folderId: 2 })).toBe(false);
});

it('reads a search from an address that anybody may have written', () => {
  expect(readSearch({ q: 7, kind: 'image', min: 1024, after: '2026-01-31', folder: 3 })).toEqual({
    q: '7',
    kind: 'image',
    min: 1024,
    after: '2026-01-31',
    folder: 3,
  });
  expect(readSearch({ q: {}, kind: 'x', min: -1, max: 'a', after: '2026-99-99', folder: 1.5, other: 1 })).toEqual({});
});

it('asks the server for a kind, a category and whole days', () => {
  expect(filterOf({ kind: 'folder' })).toMatchObject({ type: 'folder', category: undefined });
  expect(filterOf({ kind: 'video' })).toMatchObject({ type: undefined, category: 'video' });
  const { created_after: after = '', created_before: before = '' } = filterOf({
    after: '2026-03-01',
    before: '2026-03-01',
  });
  expect(Date.parse(before) - Date.parse(after)).toBe(86_400_000 - 1);
});

it('searches only when something is asked', () => {
  expect(asks({})).toBe(false);
  expect(asks({ folder: 3 })).toBe(false);
  expect(asks({ q: 'a' })).toBe(true);
  expect(asks({ kind: 'image' })).toBe(true);
});

it('gives everybody only the roles that are theirs to give', () => {
  expect(rolesFor('owner')).toEqual(['member', 'admin', 'owner']);
  expect(rolesFor('admin')).toEqual(['member', 'admin']);
  expect(rolesFor('member')).toEqual([]);
});
