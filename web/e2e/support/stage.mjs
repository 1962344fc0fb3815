// What the tests play on: a primary and followers as real processes on free ports, and Debian's Chromium.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { chromium } from 'playwright-core';

import { HOST, Instance } from '../../../scripts/run/instance.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target');
const BINARY = resolve(process.env.ASTER_BINARY ?? join(TARGET, 'debug', 'aster_drive'));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Bounds a hang and nothing else; a machine may be very busy. */
export const PATIENCE_MS = 90_000;

export const ADMIN = { username: 'administrator', email: 'admin@example.com', password: 'correct horse battery' };

export class Stage {
  #instances = [];

  static async open() {
    for (const [what, path] of [
      ['the server', BINARY],
      ['Chromium', CHROMIUM],
    ]) {
      if (!existsSync(path)) throw new Error(`${what} is not at ${path}; scripts/test-web builds and installs it`);
    }
    const stage = new Stage();
    stage.dir = await mkdtemp(join(tmpdir(), 'aster-web-'));
    // The copied command says `aster_drive`, whatever the build calls the file.
    stage.bin = join(stage.dir, 'bin');
    await mkdir(stage.bin);
    await symlink(BINARY, join(stage.bin, 'aster_drive'));
    stage.primary = await stage.instance('primary');
    await stage.primary.start({
      ASTER__SERVER__START_MODE: 'primary',
      ASTER__AUTH__BOOTSTRAP_INSECURE_COOKIES: 'true',
    });
    await stage.primary.ready();
    // Containers have little shared memory, and root needs the sandbox off.
    const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
    stage.browser = await chromium.launch({ executablePath: CHROMIUM, args });
    return stage;
  }

  async instance(name) {
    const instance = await Waiting.on(name, this.dir);
    this.#instances.push(instance);
    await mkdir(instance.cwd, { recursive: true });
    return instance;
  }

  /** Runs what somebody copied from the page, in the working directory of `instance`. */
  async runCommand(instance, command) {
    const env = { PATH: `${this.bin}:${process.env.PATH}`, HOME: this.dir };
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: instance.cwd, env });
    return stdout;
  }

  async context(options = {}) {
    const context = await this.browser.newContext({
      baseURL: this.primary.url,
      viewport: { width: 1280, height: 900 },
      locale: 'en-US',
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return context;
  }

  async close() {
    await this.browser?.close();
    const never = new Promise(() => {});
    await Promise.all(this.#instances.map((instance) => instance.stop(never)));
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** An instance whose port is nobody else's until it is started, however late that is. */
class Waiting extends Instance {
  #holder;

  static async on(name, dir) {
    const holder = createServer((socket) => socket.destroy());
    await new Promise((listening) => holder.listen(0, HOST, listening));
    const instance = new Waiting(name, holder.address().port, dir, BINARY);
    instance.#holder = holder;
    return instance;
  }

  async start(environment) {
    await this.#release();
    await super.start(environment);
  }

  async stop(hurry) {
    await this.#release();
    await super.stop(hurry);
  }

  async #release() {
    const holder = this.#holder;
    this.#holder = undefined;
    if (holder) await new Promise((closed) => holder.close(closed));
  }
}

/** Collects in `problems` what a page must never do: errors in the console, and requests to anybody but us. */
export function watch(page, allowed, problems = []) {
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // The browser reports every refused call by itself; those are outcomes here.
    const refused = message.text().startsWith('Failed to load resource');
    // A node whose address is newer than the page; the test from the browser then asks for a reload.
    const newer = message.text().includes('/browser-check/') && message.text().includes('Content Security Policy');
    if (message.type() === 'error' && !refused && !newer) problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    const ours = ['data:', 'blob:'].includes(url.protocol) || allowed().includes(url.origin);
    if (!ours) problems.push(`${page.url()} asked ${url.origin}`);
  });
  return problems;
}
