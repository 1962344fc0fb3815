import { expect, it } from 'vitest';

import { mountText, PLATFORMS } from './mounting';

const ENDPOINT = 'https://drive.example.com/webdav';

it('names address and account wherever a platform wants them in one text', () => {
  expect(mountText('windows', ENDPOINT, 'anna-nas')).toContain('/user:anna-nas');
  expect(mountText('linux', ENDPOINT, 'anna@nas')).toBe('davs://anna%40nas@drive.example.com/webdav');
  expect(mountText('linux', 'http://10.0.0.2:3000/webdav', 'anna')).toBe('dav://anna@10.0.0.2:3000/webdav');
  expect(mountText('macos', ENDPOINT, 'anna')).toBe(ENDPOINT);
});

it('never has a password in it', () => {
  for (const platform of PLATFORMS) expect(mountText(platform, ENDPOINT, '')).not.toMatch(/pass=(?!"\$\()/);
});
