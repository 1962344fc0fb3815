import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The primary that `npm run dev` talks to. */
const primary = process.env.ASTER_PRIMARY ?? 'http://127.0.0.1:3000';
/** What the primary answers itself; everything else is a page of the app. */
const served = ['/api', '/health', '/webdav', '/d/', '/pv/'];

const pdfPackage = new URL('./node_modules/pdfjs-dist/', import.meta.url);
const pdfVersion: string = JSON.parse(readFileSync(new URL('package.json', pdfPackage), 'utf8')).version;
/** Among the files that are kept for ever: the version is in the path, as hashes are in other names. */
const pdfFiles = `assets/pdfjs-${pdfVersion}/`;

/** What the PDF viewer fetches by name when a document needs it, beside the modules of the app. */
const pdfResources: Plugin = {
  name: 'pdf-resources',
  apply: 'build',
  generateBundle() {
    for (const folder of ['cmaps', 'standard_fonts', 'wasm', 'iccs']) {
      const from = new URL(`${folder}/`, pdfPackage);
      for (const name of readdirSync(from)) {
        this.emitFile({
          type: 'asset',
          fileName: `${pdfFiles}${folder}/${name}`,
          source: readFileSync(new URL(name, from)),
        });
      }
    }
  },
};

export default defineConfig({
  plugins: [react(), pdfResources],
  define: { __PDF_FILES__: JSON.stringify(`/${pdfFiles}`) },
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
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    // Bounds a hang and nothing else; a machine may be very busy.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
