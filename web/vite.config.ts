import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The primary that `npm run dev` talks to. */
const primary = process.env.ASTER_PRIMARY ?? 'http://127.0.0.1:3000';
/** What the primary answers itself; everything else is a page of the app. */
const served = ['/api', '/health', '/webdav', '/d/', '/pv/'];

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    // Inlined assets would be `data:` URLs, which the Content-Security-Policy does not allow for fonts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    manifest: true,
  },
  // The browser's Origin stays as it is, so the primary has to know the address of the development server:
  // add it to the setting `public_site_url`.
  server: { proxy: Object.fromEntries(served.map((path) => [path, { target: primary }])) },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'], setupFiles: ['src/testing/setup.ts'] },
});
