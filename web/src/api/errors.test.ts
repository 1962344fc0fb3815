import { expect, it } from 'vitest';

import { ApiError, fieldProblems, splitProblems } from './errors';

const error = (message: string, detail?: unknown) => new ApiError(400, 'bad_request', message, false, detail);

it('takes the list of the server before its sentence', () => {
  const fields = [{ field: 'items[2].priority', message: 'is there twice' }];
  expect(fieldProblems(error('name: x', { fields }))).toEqual(fields);
});

it.each([
  ['name: must not be blank', 'name', 'must not be blank'],
  ['base_url: `x` must start with http:// or https://', 'base_url', '`x` must start with http:// or https://'],
  ['username must have 4 to 16 characters', 'username', 'username must have 4 to 16 characters'],
  ['setting `public_site_url`: `x` is not an origin', 'public_site_url', '`x` is not an origin'],
])('finds the field in "%s"', (message, field, rest) => {
  expect(fieldProblems(error(message))).toEqual([{ field, message: rest }]);
});

it('finds no field where there is none', () => {
  expect(fieldProblems(error('the server is busy'))).toEqual([]);
  expect(fieldProblems(new Error('name: x'))).toEqual([]);
});

it('puts what no field of the form takes above the form', () => {
  const fields = [
    { field: 'options.remote_upload_strategy', message: 'not yet' },
    { field: 'items[0].policy_id', message: 'unknown' },
  ];
  const names = { 'options.remote_upload_strategy': 'upload', items: 'rules' };
  const both = error('', { fields });
  expect(splitProblems(both, names)).toEqual({ fields: { upload: 'not yet', rules: 'unknown' }, rest: false });
  expect(splitProblems(both, { items: 'rules' }).rest).toBe(true);
  expect(splitProblems(error('no luck'), names)).toEqual({ fields: {}, rest: true });
});
