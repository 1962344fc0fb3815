import { expect, it } from 'vitest';

import type { IssuedToken } from '@/api/nodes';

import { enrollCommands } from './enrollCommands';
import { slug } from './slug';

const issued = {
  master_url: 'https://drive.example.com',
  token: 'enr_abc',
  command: 'aster_drive node enroll --master-url https://drive.example.com --token enr_abc',
} as IssuedToken;

it('gives every way the token, the address of the primary and the same release', () => {
  const { command, compose, docker } = enrollCommands(issued, '0.1.0', '');
  for (const text of [compose, docker]) {
    for (const part of ['enr_abc', 'https://drive.example.com', 'aster_drive:0.1.0', '3000:3000', '/data']) {
      expect(text).toContain(part);
    }
  }
  expect(command).toBe(issued.command);
});

it('publishes the port that the node is said to have', () => {
  expect(enrollCommands(issued, '1', 'http://nas:8443').docker).toContain('--publish 8443:3000');
  expect(enrollCommands(issued, '1', 'https://nas').compose).toContain('"3000:3000"');
});

it('quotes what a shell would take apart', () => {
  const odd = { ...issued, master_url: "http://[::1]:3000/it's" };
  expect(enrollCommands(odd, '1', '').docker).toContain(String.raw`='http://[::1]:3000/it'\''s'`);
});

it.each([
  ['Attic NAS', 'attic-nas'],
  ['  Ärger & Co_2 ', 'rger-co_2'],
  ['阁楼', 'node'],
  ['x'.repeat(60), 'x'.repeat(48)],
])('makes of the name %s the namespace %s', (name, namespace) => {
  expect(slug(name)).toBe(namespace);
});
