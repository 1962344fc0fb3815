// One running aster_drive: start, readiness, stop, log. Knows nothing of what the roles do.

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Failure } from './failure.mjs';

export const HOST = '127.0.0.1';
const START_DEADLINE_MS = 60_000;
const STOP_BUDGET_MS = 10_000;
const LOG_TAIL_LINES = 20;

export class Instance {
  #process;
  #stopping = false;
  #settleDied;

  constructor(name, port, dir, binary) {
    this.name = name;
    this.port = port;
    this.url = `http://${HOST}:${port}`;
    this.cwd = join(dir, name);
    this.log = join(dir, `${name}.log`);
    this.binary = binary;
    /** Settles with the reason when the process has ended, whoever ended it. */
    this.died = new Promise((settle) => {
      this.#settleDied = settle;
    });
  }

  async start(environment) {
    await mkdir(this.cwd, { recursive: true, mode: 0o700 });
    if (this.#stopping) throw new Failure(`stopped before the ${this.name} was started`);
    const log = openSync(this.log, 'w', 0o600);
    // Its own process group: a Ctrl-C in the terminal reaches only the script, which then stops each process once.
    this.#process = spawn(this.binary, [], {
      cwd: this.cwd,
      env: { ...inherited(), ASTER__SERVER__HOST: HOST, ASTER__SERVER__PORT: `${this.port}`, ...environment },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#process.once('error', (error) => this.#settleDied(`the ${this.name} cannot be started: ${error.message}`));
    this.#process.once('exit', (code, signal) => {
      this.#settleDied(`the ${this.name} ended with ${signal ?? `exit code ${code}`}`);
    });
  }

  /** Waits until /health/ready answers 200; what it answered instead is part of the failure. */
  async ready() {
    const deadline = Date.now() + START_DEADLINE_MS;
    let last = 'nothing';
    while (Date.now() < deadline) {
      try {
        const reply = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
        const body = await reply.text();
        if (reply.ok) return;
        last = `${reply.status} ${body}`;
      } catch (error) {
        last = error.cause?.code ?? error.message;
      }
      await sleep(100);
    }
    throw new Failure(`the ${this.name} is not ready after ${START_DEADLINE_MS / 1000} s; it answers: ${last}`);
  }

  /** SIGTERM; SIGKILL when the budget is spent or `hurry` settles. */
  async stop(hurry) {
    this.#stopping = true;
    if (!this.#process?.pid) return;
    const kill = () => this.#process.kill('SIGKILL');
    const timer = setTimeout(kill, STOP_BUDGET_MS);
    hurry.then(kill);
    this.#process.kill('SIGTERM');
    await this.died;
    clearTimeout(timer);
  }

  /** The end of this run's log; empty when the process was never started. */
  async logTail() {
    if (!this.#process) return '';
    const text = await readFile(this.log, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  }
}

/** The caller's environment without settings meant for some other instance. */
function inherited() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith('ASTER_')));
}
