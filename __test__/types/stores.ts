// Compiled, never run: the stores, and that the pools and clients of `pg` fit.

import { test } from 'node:test';
import { Client, Pool } from 'pg';
import { TokenClient } from 'token-rotator';
import type {
  FileStore,
  RedisStore,
  RegisterStore,
  Stats,
  Store,
  StoreKey,
  StoredRecord,
} from 'token-rotator';
import { postgresStore } from 'token-rotator/postgres';
import type { ClientLike, PoolLike, PostgresStore, PostgresStoreOptions } from 'token-rotator/postgres';
import { registerConformance } from 'token-rotator/testing';
import type { RegisterCheck } from 'token-rotator/testing';

const refresh = () => ({ accessToken: 'a' });
const key: StoreKey = ['none', 'base64', Buffer.alloc(32), new Uint8Array(32)];
const file: FileStore = { type: 'file', path: '/var/tokens', allowNetworkFs: false, key };
const redis: RedisStore = {
  type: 'redis',
  url: ['redis://a', 'redis://b'],
  cluster: true,
  prefix: 'p:',
  tls: { ca: ['PEM', Buffer.from('PEM')], cert: 'PEM', key: 'PEM' },
  timeout: 500,
  key: 'base64',
};

class OwnStore implements RegisterStore {
  readonly #rows = new Map<string, StoredRecord>();
  async read(session: string): Promise<StoredRecord | null> {
    return this.#rows.get(session) ?? null;
  }
  async compareAndSet(session: string, next: StoredRecord, expected: string | null): Promise<boolean> {
    if ((this.#rows.get(session)?.version ?? null) !== expected) return false;
    this.#rows.set(session, next);
    return true;
  }
  async watch(changed: (session: string) => void): Promise<() => void> {
    changed('ada');
    return () => {};
  }
}

const stores: Store[] = [
  { type: 'memory' },
  file,
  redis,
  new OwnStore(),
  Object.assign(new OwnStore(), { name: 'mine', key }),
];
void stores.map(
  (store) => new TokenClient({ refresh, store, lease: 1_000, confirmEvery: 500, drainOnExit: 0 }),
);
void new TokenClient({ refresh, store: { type: 'redis', url: 'rediss://a', sentinel: 'main' } });

const pool: PoolLike = new Pool();
const listen: ClientLike = new Client();
const direct = new Pool({ max: 1 });
const options: PostgresStoreOptions = { table: 'schema.table', listen, key };
export async function postgres(): Promise<TokenClient> {
  const store: PostgresStore = postgresStore(pool, options);
  await store.createTable();
  void postgresStore(new Pool(), { listen: () => direct.connect() });
  void postgresStore(new Pool(), { listen: () => new Client() });
  return new TokenClient({ refresh, store });
}

const checks: RegisterCheck[] = registerConformance(() => new OwnStore());
for (const { name, run } of checks) void test(name, run);
const own: RegisterStore[] = [new OwnStore()];
void registerConformance(async () => own, { patience: 1_000 });
void registerConformance(() => [new OwnStore(), postgresStore(pool)] as const);
// @ts-expect-error: a register compares
void registerConformance(() => ({ read: async () => null }));

export function waits(stats: Stats): number {
  const { leaseWaits, leaseWaitMs, reclaimed, fenced, orphanIntents, candidates, adopted } = stats;
  return leaseWaits + leaseWaitMs + reclaimed + fenced + orphanIntents + candidates + adopted;
}

const certificates = {
  ca: { file: '/ca' },
  cert: { env: 'CERT' },
  key: async () => Buffer.from(''),
  passphrase: 'p',
};
void new TokenClient({
  refresh,
  store: { ...file, key: [{ file: '/run/secrets/key' }, { env: 'OLD_KEY' }] },
});
void new TokenClient({
  refresh,
  store: { type: 'redis', url: { file: '/url' }, tls: certificates, key: () => 'none' },
});
void new TokenClient({ refresh, tls: { ...certificates, rejectUnauthorized: true } });

// The constructor refuses each of these.

// @ts-expect-error: a file store needs a path
void new TokenClient({ refresh, store: { type: 'file' } });
// @ts-expect-error: no such type
void new TokenClient({ refresh, store: { type: 'etcd' } });
// @ts-expect-error: a register compares
void new TokenClient({ refresh, store: { read: async () => null } });
// @ts-expect-error: a store beside callbacks
void new TokenClient({ refresh, store: file, getTokens: () => null, setTokens: () => {} });
// @ts-expect-error: a certificate has a key
void new TokenClient({ refresh, store: { ...redis, tls: { cert: 'PEM' } } });
// @ts-expect-error: an environment variable may be missing, and the records would not be sealed
void new TokenClient({ refresh, store: { ...file, key: process.env['TOKEN_KEY'] } });
// @ts-expect-error: a key is no number
void new TokenClient({ refresh, store: { ...file, key: () => 7 } });
// @ts-expect-error: a pool, not where it leads to
postgresStore('postgres://localhost');
// @ts-expect-error: no such option
postgresStore(pool, { tables: 'x' });
