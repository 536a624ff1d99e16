'use strict';

// A Redis of this test's own, on a free port of this machine. Needs the package redis-server, which `.ci/run` installs. `REDIS_SERVER`
// names another binary: an older Redis, or Valkey.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { freePort } = require('./server.js');

/** `url`: for the option `store`. `stop`: ends it by its process id. */
async function startRedis() {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'redis-'));
  const port = await freePort();
  const flags = ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--dir', directory];
  const child = spawn(process.env.REDIS_SERVER ?? 'redis-server', flags, {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child, 'spawn');
  const exit = once(child, 'exit');
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line.includes('Ready to accept connections')) break;
  }
  child.stdout.resume();
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGKILL');
      await exit;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

module.exports = { startRedis };
