'use strict';

// A Redis of the world's own, which writes everything to the disk at once, so that a restart brings nothing back that was older.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { mkdtemp, rm } = require('node:fs/promises');
const { createServer } = require('node:net');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const BINARY = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);

class Redis {
  #directory;
  #port;
  #child;
  /** When it was down: `{ from, to }`. */
  outages = [];

  static async start() {
    const redis = new Redis();
    redis.#directory = await mkdtemp(path.join(os.tmpdir(), 'token-rotator-chaos-'));
    redis.#port = await freePort();
    await redis.#run();
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Down for this long. */
  async restart(pause) {
    const outage = { from: Date.now(), to: Infinity };
    this.outages.push(outage);
    await this.#kill();
    await pause;
    await this.#run();
    outage.to = Date.now();
  }

  async close() {
    await this.#kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #run() {
    const flags = ['--bind', '127.0.0.1', '--port', `${this.#port}`, '--save', '', '--dir', this.#directory];
    flags.push('--appendonly', 'yes', '--appendfsync', 'always');
    this.#child = spawn(BINARY, flags, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of readline.createInterface({ input: this.#child.stdout })) {
      if (line.includes('Ready to accept connections')) break;
    }
    this.#child.stdout.resume();
  }

  async #kill() {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

module.exports = { Redis, isInstalled: BINARY !== undefined };
