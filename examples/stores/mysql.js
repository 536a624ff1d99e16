'use strict';

// Sessions in a table of MySQL 5.7 or later, or MariaDB 10.2 or later, over a pool of the package mysql2. Copy it into your program.
//
//   const pool = require('mysql2/promise').createPool({ uri: process.env.DATABASE_URL });
//   const store = mysqlStore(pool);
//   await store.createTable(); // or in a migration
//   const client = new TokenClient({ baseURL, refresh, store });

/**
 * `session` is bytes, because a collation would take `Ada`, `ada` and `ada ` for one user. `record` needs utf8mb4 and more than
 * the 64 KiB of TEXT. InnoDB, because MyISAM loses writes in a crash.
 */
const definition = (table) => `CREATE TABLE IF NOT EXISTS ${table} (
  session VARBINARY(2048) NOT NULL PRIMARY KEY,
  record MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  version CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`;

/**
 * Another process was faster: it inserted the row, or its write was certified first by another node of a Galera cluster, which tells
 * of that as of a deadlock. Nothing was written in either case.
 */
const CONFLICTS = ['ER_DUP_ENTRY', 'ER_LOCK_DEADLOCK'];

/**
 * @param {import('mysql2/promise').Pool} pool  to the primary, with autocommit as it is by default
 * @param {{ table?: string }} [options]  `table` is put into the statements as it is
 */
function mysqlStore(pool, { table = 'token_rotator_sessions' } = {}) {
  // `execute` and not `query`, so that the server puts the values in, whatever its sql_mode makes of a backslash.
  const write = async (text, values) => {
    try {
      const [{ affectedRows }] = await pool.execute(text, values);
      return affectedRows === 1;
    } catch (error) {
      if (CONFLICTS.includes(error.code)) return false;
      throw error;
    }
  };
  return {
    createTable: () => pool.query(definition(table)),

    async read(session) {
      const text = `SELECT record, version FROM ${table} WHERE session = ?`;
      const [[row]] = await pool.execute(text, [Buffer.from(session)]);
      return row ?? null;
    },

    compareAndSet(session, { record, version }, expected) {
      const key = Buffer.from(session);
      if (expected === null) {
        // Not INSERT IGNORE, which stores what it had to cut, and not REPLACE, which compares nothing.
        return write(`INSERT INTO ${table} (session, record, version) VALUES (?, ?, ?)`, [
          key,
          record,
          version,
        ]);
      }
      // The new version is another one, so that `affectedRows` is 1 with the flag FOUND_ROWS (the default of mysql2) and without.
      const text = `UPDATE ${table} SET record = ?, version = ? WHERE session = ? AND version = ?`;
      return write(text, [record, version, key, expected]);
    },
  };
}

module.exports = { mysqlStore };
