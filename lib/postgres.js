'use strict';

// `token-rotator/postgres`: a register over the user's own `pg` pool. Each call is one statement with nothing before or after it, so
// that it may go through PgBouncer in transaction mode.

const { createHash } = require('node:crypto');
const check = require('./options/check.js');
const { invalidOption } = require('./errors.js');

/** A name that means the same with and without quotes, but for its case. PostgreSQL cuts longer ones. */
const NAME = /^[\p{L}_][\p{L}\p{N}_$]*$/u;
const NAME_BYTES = 63;

/** Two processes created the table at the same moment: `IF NOT EXISTS` does not look at what is not committed. */
const CREATED_MEANWHILE = ['23505', '42P07', '42710'];
/** With an isolation above `read committed`: another transaction has written the row, so that nothing was changed. */
const SERIALIZATION_FAILURE = '40001';

function postgresStore(pool, options) {
  const own = check.readGroup(options, 'options', ['table', 'listen', 'key'], '');
  if (typeof pool?.query !== 'function') throw invalidOption('pool', 'a pool of the package pg');
  const name = check.text(own.table, 'table', 'token_rotator_sessions');
  const [table, channel] = [quoted(name), channelOf(name)];
  const connect = readListen(own.listen);
  return {
    async read(session) {
      const text = `SELECT record, version FROM ${table} WHERE session = $1`;
      const { rows } = await pool.query(text, [session]);
      return rows.length === 0 ? null : { record: rows[0].record, version: rows[0].version };
    },

    compareAndSet(session, { record, version }, expected) {
      // The repeat of a write finds its own version, and is done as well.
      const written =
        expected === null
          ? `INSERT INTO ${table} AS t (session, record, version) VALUES ($1, $2, $3)
             ON CONFLICT (session) DO UPDATE SET changed_at = now() WHERE t.version = $3 RETURNING session`
          : `UPDATE ${table} SET record = $2, version = $3, changed_at = now()
             WHERE session = $1 AND version IN ($4, $3) RETURNING session`;
      const text = `WITH written AS (${written}) SELECT pg_notify('${channel}', session) FROM written`;
      const values = [session, record, version];
      return changed(pool.query(text, expected === null ? values : [...values, expected]));
    },

    watch: connect && ((changed, lost = () => {}) => watch(connect, channel, changed, lost)),

    key: own.key,
    name: `postgres ${name}`,

    async createTable() {
      // Session keys are compared byte for byte, whatever the database's language is.
      const text = `CREATE TABLE IF NOT EXISTS ${table} (
        session text COLLATE "C" PRIMARY KEY,
        record text NOT NULL,
        version text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
      )`;
      try {
        await pool.query(text);
      } catch (error) {
        if (!CREATED_MEANWHILE.includes(error?.code)) throw error;
      }
    },
  };
}

async function changed(query) {
  try {
    return (await query).rows.length === 1;
  } catch (error) {
    if (error?.code === SERIALIZATION_FAILURE) return false;
    throw error;
  }
}

/** Tells of changes until the connection ends, and then that it is lost. */
async function watch(connect, channel, changed, lost) {
  const { client, end } = await connect();
  const heard = (message) => {
    if (message.channel === channel) changed(message.payload);
  };
  const stop = async () => {
    client.removeListener('notification', heard);
    client.removeListener('end', ended);
    client.removeListener('error', ended);
    await end();
  };
  const ended = (error) => lost(error ?? new Error('the connection that listens has ended'));
  client.on('notification', heard);
  // An error of a client without a listener would end the process.
  client.on('error', ended);
  client.on('end', ended);
  try {
    await client.query(`LISTEN ${channel}`);
  } catch (error) {
    stop().catch(() => {});
    throw error;
  }
  return stop;
}

/** A function that gives a connected client, and how to end it: the user's own client stays as it is. */
function readListen(listen) {
  if (listen === undefined) return undefined;
  if (isClient(listen)) return () => ({ client: listen, end() {} });
  if (typeof listen !== 'function') {
    throw invalidOption('listen', 'a connected client of the package pg, or a function that makes one');
  }
  return async () => {
    const client = await listen();
    if (!isClient(client)) throw invalidOption('listen', 'a function that gives a client of the package pg');
    return { client, end: () => endOf(client) };
  };
}

/** No pool: `LISTEN` would go to any of its connections, and the pool passes no notifications on. */
function isClient(value) {
  const isPool = typeof value?.totalCount === 'number';
  return typeof value?.query === 'function' && typeof value.on === 'function' && !isPool;
}

/** An error that comes after the end is of no interest, and would end the process. */
async function endOf(client) {
  client.on('error', () => {});
  // A client of a pool is not used again, because it still listens.
  await (typeof client.release === 'function' ? client.release(true) : client.end?.());
}

/** `name` or `schema.name`. Quoted, so that a word of SQL can be a name, and so that its case counts. */
function quoted(name) {
  const parts = name.split('.');
  const isName = (part) => NAME.test(part) && Buffer.byteLength(part) <= NAME_BYTES;
  if (parts.length > 2 || !parts.every(isName)) {
    throw invalidOption('table', 'a name or schema.name of letters, digits, _ and $, at most 63 bytes each');
  }
  return parts.map((part) => `"${part}"`).join('.');
}

/** A hash, because a channel's name has at most 63 bytes. */
function channelOf(name) {
  return `token_rotator_${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
}

exports.postgresStore = postgresStore;
