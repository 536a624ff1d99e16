// `token-rotator/postgres`: sessions in a table of PostgreSQL, over the `pg` pool that the program has.

import type { RegisterStore, StoreKey } from './index.js';

/**
 * A store for processes on any number of machines, in PostgreSQL 10 or later. It needs one table, which `createTable()` makes.
 * Each call is one statement, so that the pool may go through PgBouncer in transaction mode. It must lead to the primary, because
 * a replica may be behind.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION
 * @example
 * const store = postgresStore(new Pool(), { listen: () => connected(new Client({ host: 'primary' })) });
 * await store.createTable();
 * const client = new TokenClient({ baseURL, refresh, store });
 */
export function postgresStore(pool: PoolLike, options?: PostgresStoreOptions): PostgresStore;

export interface PostgresStoreOptions {
  /**
   * The table, as `name` or `schema.name`: letters, digits, `_` and `$`, at most 63 bytes each. Case counts. All processes must
   * give the same text, because the channel of their notifications is named after it. Default `'token_rotator_sessions'`.
   */
  table?: string | undefined;
  /**
   * A connection of its own that listens for changes, so that tokens which another process has stored are taken over at once, and
   * not when the store is read again (`confirmEvery`). A connected client, or a function that gives one. Only with a function is a
   * connection that was lost made anew: after 1 s, then after pauses that double up to 60 s. Each loss is told to `onHookError`
   * once, and meanwhile the store is read as without `listen`.
   *
   * Not through PgBouncer in transaction mode, which cannot `LISTEN`. A client that the function gave is ended (`end`, or `release`
   * for one of a pool) when the TokenClient is closed; a client that you gave is yours. Default: none.
   * @example () => direct.connect() // `direct`: a pool that does not go through PgBouncer
   */
  listen?: ClientLike | (() => ClientLike | Promise<ClientLike>) | undefined;
  /** Seals the records: see `StoreKey`. Default: none. */
  key?: StoreKey;
}

export type PostgresStore = RegisterStore & {
  /**
   * Makes the table if it is not there: `session`, the primary key; `record` and `version`, texts; and `changed_at`. It needs the right
   * to create tables, so that some programs call it in a migration. Rejects with what the pool rejects with.
   */
  createTable(): Promise<void>;
};

/** The part of `pg.Pool` that is used. */
export interface PoolLike {
  query(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}

/** The part of `pg.Client` that is used. */
export interface ClientLike {
  query(text: string): Promise<unknown>;
  on(
    event: 'notification',
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: string, listener: (...args: any[]) => void): unknown;
  end?(): Promise<void>;
}
