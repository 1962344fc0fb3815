#!/usr/bin/env node
// `make run`: a primary and a follower on this machine, joined, with a sample stored and compared. The state stays
// in .run, so the next run finds everything in place; deleting .run starts anew.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Failure } from './run/failure.mjs';
import { HOST, Instance } from './run/instance.mjs';
import { walk } from './run/walk.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const USAGE = `Usage: node scripts/run.mjs [options]
  --primary-port N   port of the primary (or PRIMARY_PORT; default 3000, 0 takes a free one)
  --follower-port N  port of the follower (or FOLLOWER_PORT; default 3001, 0 takes a free one)
  --dir PATH         where both keep data and logs (default .run)
  --binary PATH      the aster_drive to start (default: the release build)
  --once             stop after the summary instead of staying in the foreground
  --help             this text`;

function readOptions() {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const options = { 'primary-port': text, 'follower-port': text, dir: text, binary: text, once: flag, help: flag };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Failure(`${error.message}\n${USAGE}`);
  }
  const target = resolve(ROOT, process.env.CARGO_TARGET_DIR || 'target');
  return {
    help: values.help,
    once: values.once,
    dir: resolve(values.dir ?? join(ROOT, '.run')),
    binary: resolve(values.binary ?? join(target, 'release', 'aster_drive')),
    primaryPort: readPort(values['primary-port'] ?? process.env.PRIMARY_PORT ?? '3000'),
    followerPort: readPort(values['follower-port'] ?? process.env.FOLLOWER_PORT ?? '3001'),
  };
}

function readPort(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65535) throw new Failure(`port '${text}' is not a number from 0 to 65535`);
  return port;
}

/** Holds both ports at once, so that they are free and differ; returns them with a 0 replaced. */
async function freePorts({ primaryPort, followerPort }) {
  const first = await hold(primaryPort, 'PRIMARY_PORT');
  const second = await hold(followerPort, 'FOLLOWER_PORT').finally(() => first.close());
  const ports = [first.port, second.port];
  await Promise.all([first.closed, second.close()]);
  return ports;
}

function hold(port, variable) {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', (error) => {
      const reason = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
      fail(new Failure(`port ${port} ${reason}; free it, or choose another: make run ${variable}=${(port % 65000) + 100}`));
    });
    const closed = new Promise((settle) => server.once('close', settle));
    const close = () => (server.close(), closed);
    server.listen(port, HOST, () => done({ port: server.address().port, close, closed }));
  });
}

function report(what, outcome) {
  console.log(`  ${what.padEnd(52)} ${outcome}`);
}

function summarize({ primary, follower, username, password, sample }) {
  const short = (path) => (path.startsWith(process.cwd()) ? relative(process.cwd(), path) : path);
  console.log(`
Everything is in place.

  primary          ${primary.url}
  follower         ${follower.url}
  sign in as       ${username}
  password         ${password}

  sample           ${short(sample.path)} (${sample.size} bytes, file ${sample.file.id})
  object           ${short(sample.object.path)}
  sha256 source    ${sample.source}
  sha256 object    ${sample.object.sha256}
  sha256 download  ${sample.download}

  logs             ${short(primary.log)}, ${short(follower.log)}
`);
}

function nextSignal() {
  return new Promise((done) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, done);
  });
}

/** Runs until a signal, a failure or the death of an instance; returns the exit code. Nothing is left running. */
async function serve(options, instances) {
  const asked = nextSignal();
  const askedTwice = asked.then(nextSignal);
  const died = Promise.race(instances.map((each) => each.died)).then((reason) => {
    throw new Failure(reason);
  });
  const [primary, follower] = instances;
  const work = async () => {
    const result = await walk({ primary, follower, dir: options.dir, report });
    summarize({ primary, follower, ...result });
    if (options.once) return;
    console.log('Ctrl-C stops both.');
    await asked;
  };
  try {
    await Promise.race([work(), died, asked]);
    return 0;
  } catch (error) {
    await explain(error, instances);
    return 1;
  } finally {
    died.catch(() => {});
    console.log('stopping');
    await Promise.all(instances.map((each) => each.stop(askedTwice)));
  }
}

async function explain(error, instances) {
  for (const instance of instances) {
    const tail = await instance.logTail();
    if (tail) console.error(`\n--- end of ${instance.log}\n${tail}`);
  }
  console.error(`\nrun: ${error instanceof Failure ? error.message : error.stack}`);
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (!existsSync(options.binary)) {
    throw new Failure(`${options.binary} does not exist; build it with: cargo build --release --locked`);
  }
  const [primaryPort, followerPort] = await freePorts(options);
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  return serve(options, [
    new Instance('primary', primaryPort, options.dir, options.binary),
    new Instance('follower', followerPort, options.dir, options.binary),
  ]);
}

try {
  // An exit, not only a code: after a stop in the middle of a walk its pending calls must not go on.
  process.exit(await main());
} catch (error) {
  console.error(`run: ${error instanceof Failure ? error.message : error.stack}`);
  process.exit(1);
}
