'use strict';

// A Redis, its replica, and a sentinel that makes the replica the master when the master is gone.

const { writeFile } = require('node:fs/promises');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { freePort } = require('../../tools/free-port.js');
const { makeFolder, remove } = require('../../tools/leftovers.js');
const { Redis, ask, killed, startServer } = require('./redis.js');

const LOOK_MS = 50;
/**
 * The sentinel takes a silent master for dead after this. It asks once a second: after less than two it would take the new master
 * for dead too, and its failovers would never end.
 */
const SILENT_MS = 2500;
/** Then it tries a failover again. */
const GIVE_UP_MS = 5000;
/** A replica gets all at once what its master has. */
const FLAGS = ['--repl-diskless-sync-delay', '0'];

class Sentinel {
  master = 'chaos';
  #directory;
  #port;
  #child;
  #servers;
  /** From the end of a master to the word of the sentinel about the next: `{ from, to }`. The last writes may be gone. */
  outages = [];

  static async start() {
    const sentinel = new Sentinel();
    const first = await Redis.start(FLAGS);
    sentinel.#servers = [first, await Redis.start([...FLAGS, '--replicaof', '127.0.0.1', `${first.port}`])];
    sentinel.#directory = await makeFolder('token-rotator-chaos-');
    sentinel.#port = await freePort();
    const { master } = sentinel;
    const file = path.join(sentinel.#directory, 'sentinel.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${sentinel.#port}`,
      `dir ${sentinel.#directory}`,
      `sentinel monitor ${master} 127.0.0.1 ${first.port} 1`,
      `sentinel down-after-milliseconds ${master} ${SILENT_MS}`,
      `sentinel failover-timeout ${master} ${GIVE_UP_MS}`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    sentinel.#child = await startServer([file, '--sentinel'], '+monitor');
    await sentinel.#settled();
    return sentinel;
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Kills the master. Resolves when the other server has its place, and the killed one is a replica again. */
  async failover() {
    const before = await this.#masterPort();
    const old = this.#servers.find(({ port }) => port === before);
    const outage = { from: Date.now(), to: Infinity };
    this.outages.push(outage);
    await old.kill();
    while ((await this.#masterPort()) === before) await pause(LOOK_MS);
    outage.to = Date.now();
    await old.run();
    await this.#settled();
  }

  /**
   * Calls `saw` with the text of each record that one of the servers holds, and `{ server, isCopy }`. A server that starts again is another one,
   * because it drops what it has and takes over what the new master has.
   */
  async observe(saw) {
    for (const server of this.#servers) {
      const name = (run) => `run ${run} at port ${server.port}`;
      await server.observe((text, { run, isCopy }) => saw(text, { server: name(run), isCopy }));
    }
  }

  async close() {
    await killed(this.#child);
    await Promise.all(this.#servers.map((server) => server.close()));
    await remove(this.#directory);
  }

  async #masterPort() {
    const answer = await ask(this.#port, `SENTINEL GET-MASTER-ADDR-BY-NAME ${this.master}`);
    return Number(answer.split('\r\n')[4]);
  }

  /** The master has its replica, and both know it. */
  async #settled() {
    for (;;) {
      const port = await this.#masterPort();
      const replicas = await ask(port, 'INFO replication').catch(() => '');
      const known = await ask(this.#port, 'INFO sentinel').catch(() => '');
      if (replicas.includes('state=online') && known.includes('status=ok') && known.includes('slaves=1'))
        return;
      await pause(LOOK_MS);
    }
  }
}

module.exports = { Sentinel };
