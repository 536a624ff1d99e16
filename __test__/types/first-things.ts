// Compiled, never run: the first things that people write, with types of their own, and unions that the constructor enforces.

import type { IncomingHttpHeaders } from 'node:http';
import { NetworkError, TokenClient, TokenRotatorError } from 'token-rotator';
import type { Refresh, RequestOptions, TokenClientOptions, TokensLike, VerbOptions } from 'token-rotator';
import { startAuthServer } from 'token-rotator/testing';

// Interfaces have no index signature, and the row of an ORM has more fields than tokens have.
interface Row {
  id: number;
  accessToken: string;
  refreshToken: string | null;
  expiresAt: number;
  tags: string[];
}
interface Answer {
  access_token: string;
  refresh_token?: string;
  expires_in: number;
  token_type: string;
}
interface Filter {
  page?: number;
  open: boolean;
  tags: string[];
}

declare const rows: Map<string, Row>;
declare const redis: {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<'OK' | null>;
  del(key: string): Promise<number>;
};
declare const db: {
  load(session: string): Promise<Row | undefined>;
  save(session: string, row: unknown): Promise<Row>;
  markLoggedOut(): Promise<Row>;
};
declare const ask: (refreshToken: string | null) => Promise<Answer>;
declare const log: { info(text: string): boolean };
declare const filter: Filter;
declare const request: { headers: IncomingHttpHeaders };
const refresh = ask;

/** The README's own `refresh`. */
const readme: TokenClientOptions = {
  baseURL: 'https://api.example.com/v1',
  refresh: async (refreshToken, { signal }) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
    const response = await fetch('https://login.example.com/token', { method: 'POST', body, signal });
    if (response.ok) return response.json();
    const data = await response.json().catch(() => undefined);
    throw Object.assign(new Error('refresh failed'), { status: response.status, data });
  },
};

/** Parts of the option `refresh`. Its own type has undefined in it, because a grant may take its place. */
const hasSignal = ([, { signal }]: Parameters<Refresh>): boolean => signal.aborted;
const same: Refresh = async (...args: Parameters<NonNullable<TokenClientOptions['refresh']>>) =>
  hasSignal(args) ? {} : ask(args[0]);

void new TokenClient(readme);
void new TokenClient({ refresh: same });
void new TokenClient({ refresh: async () => ({ access_token: 'a', refresh_in: 1_800 }) });
void new TokenClient({ refresh: async (): Promise<Row> => ({ ...rows.get('a')!, id: 1 }) });
void new TokenClient({ refresh: () => rows.get('a')! });
void new TokenClient({ refresh: async () => (await fetch('https://login.example.com/token')).json() });
void new TokenClient({ refresh, getTokens: (session) => rows.get(session), setTokens: () => {} });
void new TokenClient({
  refresh,
  getTokens: (session) => db.load(session),
  setTokens: (tokens, session) => db.save(session, tokens),
  logout: async () => db.markLoggedOut(),
  onBeforeRefresh: async () => log.info('begins'),
  onRefreshed: (tokens) => redis.set('last', tokens.accessToken),
  onRefreshFailed: async (error) => log.info(String(error)),
  onPersistFailed: (error) => log.info(String(error)),
  onHookError: async (_error, hook) => log.info(hook),
});
void new TokenClient({
  refresh,
  getTokens: async (session) => {
    const text = await redis.get(session);
    return text === null ? null : JSON.parse(text);
  },
  setTokens: (tokens, session) =>
    tokens === null ? redis.del(session) : redis.set(session, JSON.stringify(tokens)),
});
const stored: TokensLike = { accessToken: 'a', tenant: 7, tags: ['x'] };
void stored;

export async function testing(): Promise<void> {
  await using server = await startAuthServer({ reuse: 'strict' });
  await using client = new TokenClient({
    baseURL: server.url,
    tokens: server.login('ada'),
    refresh: async (refreshToken) => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken! });
      return (await fetch(server.tokenEndpoint, { method: 'POST', body })).json();
    },
  });
  const { cancel, hits } = server.respond('GET /users/:id', async ({ params, subject }) => {
    const id: string | undefined = params['id'];
    return { id, tenant: subject };
  });
  void hits.toFixed();
  cancel();
  server.respond('/users', [{ id: 1 }], { times: 1 });
  server.respond('/users', { status: 201, headers: { etag: '"1"', age: 3 }, body: Buffer.from('x') });
  server.respond('/users', (request) => ({ status: 200, body: request.json() }), { token: false });
  server.respond('/users', null);
  // @ts-expect-error an answer is wanted
  server.respond('/users');
  // @ts-expect-error no such option
  server.respond('/users', {}, { once: true });
  server.reset();
  await client.setTokens(server.login());
  await client.setTokens(rows.get('a') ?? null);
}

export async function requests(client: TokenClient): Promise<unknown> {
  await client.get('/orders', { query: filter });
  await client.get('/orders', { query: { id: [1, 2], tag: ['a', 'b'] as const, page: undefined } });
  await client.get('/orders', { headers: request.headers });
  await client.request('/orders', {
    method: 'POST',
    headers: { ...request.headers, host: undefined },
    body: filter,
  });
  const options: VerbOptions & RequestOptions = { query: filter, headers: request.headers };
  // @ts-expect-error: not a plain object
  await client.get('/orders', { query: new URLSearchParams() });
  // @ts-expect-error: not a plain object
  await client.get('/orders', { query: new Map([['a', 'b']]) });
  // @ts-expect-error: not a plain object
  await client.get('/orders', { query: ['a'] });
  return client.request('/orders', options);
}

export function errors(error: unknown): unknown {
  if (error instanceof NetworkError && error.cause.code === 'ECONNREFUSED') return error.cause.message;
  if (error instanceof NetworkError && error.cause?.code === 'ECONNRESET') return error.retryable;
  if (!(error instanceof TokenRotatorError)) throw error;
  if (error.sessionLost) return error.reason;
  switch (error.code) {
    case 'ERR_TIMEOUT':
      return error.phase;
    case 'ERR_HTTP_STATUS':
      return error.response.status;
    case 'ERR_REFRESH_FAILED':
    case 'ERR_REFRESH_MALFORMED':
      return error.retryAfter;
    case 'ERR_NETWORK':
      return error.cause.code;
    default:
      return error.code;
  }
}

class OwnError extends TokenRotatorError {
  constructor() {
    super('mine', { code: 'ERR_INVALID_OPTION', cause: new Error('why') });
  }
}
void new OwnError().retryable;

// The constructor refuses each of these.

// @ts-expect-error: getTokens and setTokens go together
void new TokenClient({ refresh, getTokens: () => null });
// @ts-expect-error: getTokens and setTokens go together
void new TokenClient({ refresh, setTokens: () => {} });
// @ts-expect-error: a store beside callbacks
void new TokenClient({ refresh, getTokens: () => null, setTokens: () => {}, store: { type: 'memory' } });
// @ts-expect-error: a proxy on the way to a socket
void new TokenClient({ refresh, socketPath: '/run/api.sock', proxy: 'env' });
// @ts-expect-error: statuses that nobody judges
void new TokenClient({ refresh, judgedStatuses: [200] });
// @ts-expect-error: a certificate has a key
void new TokenClient({ refresh, tls: { cert: 'PEM' } });
// @ts-expect-error: a key has a certificate
void new TokenClient({ refresh, tls: { ca: 'PEM', key: 'PEM' } });
// @ts-expect-error: no access token
void new TokenClient({ refresh, tokens: { refreshToken: 7 } });

void new TokenClient({ refresh, store: { type: 'memory' }, proxy: 'env', tls: { cert: 'PEM', key: 'PEM' } });
void new TokenClient({ refresh, judgedStatuses: [302], isSessionExpired: ({ status }) => status === 302 });
void new TokenClient({ refresh, socketPath: '/run/api.sock', proxy: false, tls: { ca: 'PEM' } });

declare const env: {
  API_URL?: string;
  TIMEOUT?: number;
  signal?: AbortSignal;
  headers?: RequestInit['headers'];
};
void new TokenClient({
  ...{ refresh, baseURL: env.API_URL, timeout: env.TIMEOUT, proxy: env.API_URL, store: undefined },
  retry: { limit: env.TIMEOUT },
  queue: { max: env.TIMEOUT },
  isSessionExpired: ({ status, error }) => status === 401 || error?.cause.code === 'ECONNRESET',
  onRefreshFailed: (error: Error) => log.info(error.message),
  onPersistFailed: (error) => log.info(error.code),
}).get('/', { timeout: env.TIMEOUT, signal: env.signal, headers: env.headers, query: undefined });

/** As in a program that makes its options in steps. */
export function made(options: Omit<TokenClientOptions, 'timeout'>, isStored: boolean): TokenClient {
  const storage = isStored ? { getTokens: () => null, setTokens: () => {} } : {};
  void new TokenClient({ refresh, ...storage, timeout: 1 });
  const { store: _store, ...others } = options as TokenClientOptions;
  return new TokenClient(others as TokenClientOptions);
}
