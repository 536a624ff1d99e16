'use strict';

// A PostgreSQL of this test's own, in a temporary directory and on a Unix socket, and a PgBouncer in transaction mode before it.
// Needs the packages postgresql and pgbouncer, which `.ci/run` installs.

const { execFileSync, spawn } = require('node:child_process');
const { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Client } = require('pg');
const { unprivileged } = require('./server.js');

const PORT = 5432;
const BOUNCER_PORT = 6432;

function binaries() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => path.join(root, version, 'bin'))
    .find((bin) => existsSync(`${bin}/initdb`));
  if (found === undefined)
    throw new Error('these tests need PostgreSQL: apt-get install postgresql pgbouncer');
  return found;
}

/**
 * `settings`: for a `pg` Pool or Client, straight to the server. `throughBouncer`: the same by way of PgBouncer.
 * `stop`: ends both by their process ids.
 */
async function startPostgres() {
  const bin = binaries();
  const directory = mkdtempSync(path.join(os.tmpdir(), 'pg-'));
  const user = unprivileged();
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
  const data = path.join(directory, 'data');
  const options = { ...user, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] };
  const flags = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  execFileSync(path.join(bin, 'initdb'), flags, options);
  const server = begin(path.join(bin, 'postgres'), [
    ...['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', `port=${PORT}`],
  ]);
  const config = path.join(directory, 'pgbouncer.ini');
  const users = path.join(directory, 'users.txt');
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    config,
    `[databases]
* = host=${directory} port=${PORT}
[pgbouncer]
listen_addr =
listen_port = ${BOUNCER_PORT}
unix_socket_dir = ${directory}
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 4
`,
  );
  const bouncer = begin('/usr/sbin/pgbouncer', [config]);
  await Promise.all([server, bouncer].map(({ started }) => started));
  const settings = { host: directory, port: PORT, user: 'postgres', database: 'postgres' };
  await answers(settings);
  await answers({ ...settings, port: BOUNCER_PORT });
  return {
    settings,
    throughBouncer: { ...settings, port: BOUNCER_PORT },
    async stop() {
      // SIGINT ends connections at once; SIGTERM would wait for them.
      await Promise.all([server.end('SIGINT'), bouncer.end('SIGINT')]);
      rmSync(directory, { recursive: true, force: true });
    },
  };

  function begin(file, args) {
    const child = spawn(file, args, { ...options, stdio: 'ignore' });
    const exit = once(child, 'exit').catch(() => {});
    const started = once(child, 'spawn');
    return {
      started,
      async end(signal) {
        child.kill(signal);
        await exit;
      },
    };
  }
}

/** Resolves when a statement is answered: a server that starts takes connections, and refuses them. */
async function answers(settings) {
  for (;;) {
    const client = new Client(settings);
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return await client.end();
    } catch {
      await sleep(20);
    }
  }
}

module.exports = { startPostgres };
