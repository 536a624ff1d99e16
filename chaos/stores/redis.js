'use strict';

// A Redis of the run's own, which writes everything to the disk at once, so that a restart brings nothing back that was older.

const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { connect } = require('node:net');
const readline = require('node:readline');
const { freePort } = require('../../tools/free-port.js');
const { makeFolder, remove, start } = require('../../tools/leftovers.js');

const BINARY = [process.env.REDIS_SERVER, 'valkey-server', 'redis-server'].find(
  (name) => name !== undefined && spawnSync(name, ['--version']).status === 0,
);

class Redis {
  #directory;
  #flags;
  #child;
  #observer;
  #runs = 0;
  port;
  /** When it was down: `{ from, to }`. */
  outages = [];

  /** `flags`: more of the server's own. */
  static async start(flags = []) {
    const redis = new Redis();
    redis.#directory = await makeFolder('token-rotator-chaos-');
    redis.#flags = flags;
    redis.port = await freePort();
    await redis.run();
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Down for this long. */
  async restart(pause) {
    const outage = { from: Date.now(), to: Infinity };
    this.outages.push(outage);
    await this.kill();
    await pause;
    await this.run();
    outage.to = Date.now();
  }

  async close() {
    await this.kill();
    await remove(this.#directory);
  }

  async run() {
    const flags = ['--bind', '127.0.0.1', '--port', `${this.port}`, '--save', '', '--dir', this.#directory];
    flags.push('--appendonly', 'yes', '--appendfsync', 'always', ...this.#flags);
    this.#runs += 1;
    this.#child = await startServer(flags, 'Ready to accept connections');
    await this.#monitor();
  }

  /**
   * Calls `saw` with the text of each record that is stored, and `{ run, isCopy }`: in which run of this server, and whether it comes from the
   * master of this server.
   */
  async observe(saw) {
    this.#observer = saw;
    await this.#monitor();
  }

  async kill() {
    await killed(this.#child);
  }

  async #monitor() {
    const [saw, run] = [this.#observer, this.#runs];
    if (!saw) return;
    const socket = await monitor(this.port, (text, isCopy) => saw(text, { run, isCopy }));
    // A sentinel that gives a server another role ends the connections of its clients.
    socket.once('close', () => {
      if (run === this.#runs) this.#monitor().catch(() => {});
    });
  }
}

/** Resolves with the process when it has printed `ready`. */
async function startServer(args, ready) {
  const child = start(BINARY, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line.includes(ready)) break;
  }
  child.stdout.resume();
  return child;
}

async function killed(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** The write of our script (compare_and_set.lua), as MONITOR tells of it. On a replica, it is a command of the master. */
const WRITTEN = / (lua|\S+:\d+)\] "HSET" "[^"]*" "version" "[^"]*" "text" ("(?:[^"\\]|\\.)*")/;

/** Resolves with the connection on which the server tells of each command from now on. */
async function monitor(port, saw) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('MONITOR\r\n');
  const lines = readline.createInterface({ input: socket });
  lines.on('line', (line) => {
    const [, by, text] = WRITTEN.exec(line) ?? [];
    // Quoted as JSON is. Tokens and ids of a run are ASCII, which has no other escapes.
    if (text !== undefined) saw(JSON.parse(text), by !== 'lua');
  });
  await once(lines, 'line');
  return socket;
}

/** One command, and the bytes of its answer as far as they come at once: enough for what people read. */
async function ask(port, command) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.setEncoding('utf8').write(`${command}\r\n`);
    const [answer] = await once(socket, 'data');
    return answer;
  } finally {
    socket.destroy();
  }
}

const missing = BINARY === undefined ? 'no redis-server is on the PATH' : undefined;

module.exports = { Redis, ask, killed, missing, startServer };
