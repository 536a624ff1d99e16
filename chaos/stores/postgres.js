'use strict';

// A PostgreSQL of the run's own, in a temporary directory and on a Unix socket. Its commits wait for the disk, so that a
// restart brings nothing back that was older.

const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const { chownSync, existsSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { Client, Pool } = require('pg');
const { postgresStore } = require('../../lib/postgres.js');
const { makeFolder, remove, start } = require('../../tools/leftovers.js');

const ROOT = '/usr/lib/postgresql';
const PORT = 5432;
const RETRY_MS = 20;
/** As after a crash, and without processes that go on as after a SIGKILL. */
const END = 'SIGQUIT';

/**
 * Each record goes into a table of its own, in the transaction that writes it. Other writers of a session wait for the end of that
 * transaction, so that the numbers are in the order of the writes.
 */
const HISTORY = `
  CREATE TABLE history (number bigserial PRIMARY KEY, record text NOT NULL);
  CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO history (record) VALUES (NEW.record);
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER inserted AFTER INSERT ON token_rotator_sessions FOR EACH ROW EXECUTE FUNCTION remember();
  CREATE TRIGGER updated AFTER UPDATE ON token_rotator_sessions FOR EACH ROW
    WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION remember();
`;

class Postgres {
  #saw;
  #last = 0;
  #directory;
  #user;
  #child;
  /** When it was down: `{ from, to }`. */
  outages = [];

  static async start() {
    const server = new Postgres();
    server.#directory = await makeFolder('token-rotator-pg-');
    server.#user = unprivileged();
    const { uid, gid } = server.#user;
    if (uid !== undefined) chownSync(server.#directory, uid, gid);
    const flags = [
      '-D',
      server.#data,
      '-U',
      'postgres',
      '--auth=trust',
      '--no-sync',
      '-E',
      'UTF8',
      '--locale=C',
    ];
    execFileSync(path.join(BIN, 'initdb'), flags, {
      ...server.#user,
      cwd: server.#directory,
      // The reason is part of the error.
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await server.#run();
    const pool = new Pool(server.pool);
    await postgresStore(pool).createTable();
    await pool.end();
    return server;
  }

  /** `saw` is called with the text of each record that is stored from now on: at each call of `observed`, with those since the last one. */
  async observe(saw) {
    this.#saw = saw;
    await this.#ask(HISTORY);
  }

  async observed() {
    const { rows } = await this.#ask('SELECT * FROM history WHERE number > $1 ORDER BY number', [this.#last]);
    rows.forEach(({ record }) => this.#saw(record));
    this.#last = rows.at(-1)?.number ?? this.#last;
  }

  async #ask(text, values) {
    const client = new Client(this.pool);
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  /** For a `Pool` of the package pg. */
  get pool() {
    return { host: this.#directory, port: PORT, user: 'postgres', database: 'postgres' };
  }

  /** Down for this long, and what was under way is lost. */
  async restart(wait) {
    const outage = { from: Date.now(), to: Infinity };
    this.outages.push(outage);
    await this.#end();
    await wait;
    await this.#run();
    outage.to = Date.now();
  }

  async close() {
    await this.#end();
    await remove(this.#directory);
  }

  get #data() {
    return path.join(this.#directory, 'data');
  }

  async #run() {
    const settings = ['listen_addresses=', `port=${PORT}`, 'max_connections=100'];
    const flags = ['-D', this.#data, '-k', this.#directory, ...settings.flatMap((it) => ['-c', it])];
    const options = { ...this.#user, cwd: this.#directory, stdio: 'ignore' };
    this.#child = start(path.join(BIN, 'postgres'), flags, options, END);
    await answers(this.pool, this.#child);
  }

  async #end() {
    const gone = once(this.#child, 'exit');
    this.#child.kill(END);
    await gone;
  }
}

/** Resolves when a statement is answered: a server that starts takes connections, and refuses them. */
async function answers(settings, child) {
  while (child.exitCode === null) {
    const client = new Client(settings);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return await client.end();
    } catch {
      await pause(RETRY_MS);
    }
  }
  throw new Error(`postgres ended with ${child.exitCode}`);
}

/** It refuses to run as root. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function binaries() {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => path.join(ROOT, version, 'bin'));
  return folders.find((folder) => existsSync(path.join(folder, 'initdb')));
}

const BIN = binaries();
const missing = BIN === undefined ? `no PostgreSQL is in ${ROOT}` : undefined;

module.exports = { Postgres, missing };
