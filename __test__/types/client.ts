// Compiled, never run: how a program is meant to use the client, and what the compiler must refuse.

import { createReadStream } from 'node:fs';
import { PLACEHOLDER, TokenClient } from 'token-rotator';
import type {
  BodyFactory,
  BodyLike,
  HttpResponse,
  RetryOptions,
  Stats,
  TokenClientOptions,
  TokenRotatorError,
  Tokens,
} from 'token-rotator';

interface Order {
  id: number;
  lines: string[];
}

declare const order: Order;
declare const saved: Map<string, Tokens>;
declare const retry: Required<RetryOptions>;

declare function lines(): AsyncGenerator<string>;
declare function createNumbers(): AsyncGenerator<number>;

const minimal = new TokenClient({ refresh: () => ({ accessToken: 'a' }) });

const full: TokenClientOptions = {
  baseURL: new URL('https://api.example.com'),
  allowedOrigins: ['https://uploads.example.com'] as const,
  headers: { accept: 'application/json' },
  refresh: async (refreshToken, { session, attempt, signal }) => {
    const token: string | null = refreshToken;
    const stop: AbortSignal = signal;
    void [token, stop, session.length, attempt.toFixed()];
    return { access_token: 'a', expires_in: '3600', token_type: 'Bearer', id_token: 'i' };
  },
  getTokens: (session) => saved.get(session) ?? null,
  setTokens: async (tokens, session) => {
    if (tokens === null) saved.delete(session);
    else saved.set(session, tokens);
  },
  tokens: { accessToken: 'a', refreshToken: null, expiresAt: 1, tenant: 7 },
  session: 'me',
  share: 'all',
  header: { name: 'x-token', format: (token) => token, foreign: 'keep' },
  isSessionExpired: ({ status, headers, error }) =>
    status === 419 || headers.has('x-expired') || error !== undefined,
  isRefreshFailureTerminal: (error) => error instanceof Error,
  refreshAhead: 0,
  keepAlive: 86_400_000,
  maxIdentities: 50_000,
  refreshTimeout: 1_000,
  maxRetries: 1,
  rotationGrace: 'okta',
  onBeforeRefresh() {},
  onRefreshed: (tokens) => void tokens.accessToken.length,
  onRefreshFailed: console.error,
  onPersistFailed: console.error,
  onSuperseded: (tokens, { session }) => console.log(session.length, tokens.accessToken.length),
  logout: async () => {},
  onHookError: (error, hook) => console.error(hook.length, error),
  logger: console,
  timeout: 1,
  retry: { limit: 1, methods: ['GET', 'POST'] as const, statusCodes: [503], maxDelay: 1 },
  queue: { max: 1, timeout: 1 },
  redirect: 'manual',
  maxResponseSize: 1,
  throwHttpErrors: true,
  allowInsecure: true,
  tls: { ca: ['', Buffer.from('')], rejectUnauthorized: false },
  connections: 1,
  http2: false,
  socketPath: '/run/api.sock',
  proxy: false,
};

// @ts-expect-error: where new tokens come from must be said
void new TokenClient({});
// @ts-expect-error: no client, and refresh beside it
void new TokenClient({ ...full, grant: { type: 'refresh_token' } });
const key: `sk_test_${string}` = `sk_test_${PLACEHOLDER}`;
void key;
// @ts-expect-error: warn or keep
void new TokenClient({ ...full, header: { foreign: 'replace' } });
// @ts-expect-error: no such provider
void new TokenClient({ ...full, rotationGrace: 'acme' });
// @ts-expect-error: a number of milliseconds
void new TokenClient({ ...full, timeout: '10s' });
void [false, true, 0, {}, retry].map((some) => new TokenClient({ ...full, retry: some }));
// @ts-expect-error: no such option
void new TokenClient({ ...full, refreshTimout: 1 });
// @ts-expect-error: no such option
void new TokenClient({ ...full, retry: { maxRetries: 1 } });
// @ts-expect-error: statuses are numbers
void new TokenClient({ ...full, retry: { statusCodes: ['503'] } });
// @ts-expect-error: no access token
void new TokenClient({ refresh: () => ({ refreshToken: 'r' }) });

export async function requests(): Promise<void> {
  await using client = new TokenClient(full);
  const response: HttpResponse = await client.get('/orders', {
    query: { page: 2, draft: false, after: undefined },
  });
  const data: Order[] = await response.json<Order[]>();
  const unknown: unknown = await response.json();
  const numbers: number[] = [response.status, response.attempts, response.replays, data.length];
  const texts: string[] = [response.url, response.statusText, await response.text()];
  const flags: boolean[] = [response.ok, response.redirected];
  const bytes: Uint8Array = await response.bytes();
  const buffer: ArrayBuffer = await response.arrayBuffer();
  const stream: ReadableStream<Uint8Array> | null = response.body;
  const unsent: TokenRotatorError | undefined = response.replayError;
  void [unknown, numbers, texts, flags, bytes, buffer, stream, unsent, response.headers.get('etag')];

  await client.post('/orders', order, { headers: new Headers(), signal: AbortSignal.timeout(1) });
  await client.post('/orders', [order], { headers: [['if-match', 'x']] });
  await client.post('/orders', { lines: [1] }, { headers: { 'x-count': 1, 'x-none': undefined } });
  await client.put('/orders', 'text');
  await client.patch('/orders', new Uint8Array(1));
  await client.post('/orders', Buffer.from(''));
  await client.post('/orders', new DataView(new ArrayBuffer(1)));
  await client.post('/orders', new ArrayBuffer(1));
  await client.post('/orders', new URLSearchParams());
  await client.post('/orders', null);
  await client.post(new URL('https://api.example.com/ping'));
  await client.delete('/orders/7', { body: { reason: 'x' } });
  await client.head('/orders', {
    skipAuthRefresh: true,
    redirect: 'error',
    throwHttpErrors: false,
    timeout: 1,
  });
  await client.request('/orders', { method: 'REPORT', body: order });
  await client.get('/orders', { retry: 2 });
  await client.get('/orders', { retry: false });
  await client.post('/orders', order, { retry: { methods: ['POST'] }, idempotencyKey: 'order-7' });
  await client.patch('/orders', order, { idempotencyKey: true });

  await client.post('/orders', new Blob([]));
  await client.post('/orders', new File([], 'x.csv'));
  await client.post('/orders', new FormData());
  await client.post('/orders', process.stdin);
  await client.post('/orders', new ReadableStream());
  await client.post('/orders', new Blob([]).stream());
  await client.post('/orders', lines());
  await client.post('/orders', () => 'x');
  await client.post('/orders', () => createReadStream('x'));
  await client.put('/orders', lines);
  await client.request('/orders', { method: 'POST', body: () => new FormData() });
  const factory: BodyFactory = () => order;
  const bodies: BodyLike[] = [factory, 'text', order, [order], new URLSearchParams(), createReadStream('x')];
  for (const body of bodies) await client.post('/orders', body);

  // @ts-expect-error: a verb has its method
  await client.get('/orders', { method: 'POST' });
  // @ts-expect-error: GET has no body
  await client.get('/orders', { body: 'x' });
  // @ts-expect-error: a key is a string, or true for a random one
  await client.post('/orders', order, { idempotencyKey: false });
  // @ts-expect-error: a stream of strings and bytes
  await client.post('/orders', createNumbers());
  // @ts-expect-error: a function makes a body, not a promise of one
  await client.post('/orders', async () => 'x');
  // @ts-expect-error: a function makes a body, not another function
  await client.post('/orders', () => () => 'x');
  // @ts-expect-error: a function makes a body
  await client.post('/orders', () => {});
  // @ts-expect-error: what can be piped and not iterated is no body
  await client.post('/orders', { pipe() {} });
  // @ts-expect-error: a forgotten await
  await client.post('/orders', response.text());
  // @ts-expect-error: no list of pairs
  await client.get('/orders', { query: [['id', 1]] });
  // @ts-expect-error: read-only
  response.status = 200;
  // @ts-expect-error: read-only
  response.replayError = undefined;
}

export async function sessions(): Promise<void> {
  const token: string = await minimal.getAccessToken();
  (await minimal.getAccessToken({ validFor: 60_000 })).length;
  // @ts-expect-error: a number of ms
  await minimal.getAccessToken({ validFor: '1m' });
  const held: Tokens | null = await minimal.getTokens();
  const next: Tokens = await minimal.rotate({ rejected: token });
  await minimal.setTokens({ access_token: 'a', refresh_token: 'r', expires_in: 60 });
  await minimal.setTokens(null);
  const other: TokenClient = minimal.session('tenant');
  const stats: Stats = other.stats();
  const extra: unknown = next['tenant'];
  void [held?.expiresAt?.toFixed(), stats.rotations + stats.queuePeak, extra];
  await other.close();

  // @ts-expect-error: a key is a string
  minimal.session(7);
  // @ts-expect-error: tokens or null
  await minimal.setTokens();
}

// Tokens as servers and programs write them.
declare const answer: { access_token: string; refresh_token: string; expires_in: number };
new TokenClient({ refresh: () => answer, tokens: { refreshToken: 'r' } });
new TokenClient({ refresh: () => ({ accessToken: 'a', expiresAt: new Date(), expiresIn: '60' }) });
new TokenClient({
  refresh: () => ({ access_token: 'a', expires_at: '2030-01-01' }),
  tokens: { refresh_token: 'r' },
});
// @ts-expect-error A refresh must bring an access token.
new TokenClient({ refresh: () => ({ refreshToken: 'r' }) });

// Whose session it is.
new TokenClient({
  refresh: () => answer,
  onBeforeRefresh: ({ session }) => session.length,
  onRefreshed: (tokens, { session }) => tokens.accessToken + session,
  onRefreshFailed: (_error, { session }) => session.length,
  onPersistFailed: (_error, { session }) => session.length,
  logout: ({ session }) => void session.length,
  onHookError: (_error, _hook, { session }) => session?.length,
  isRefreshFailureTerminal: (_error, { session }) => session === 'x',
});

// The transport of a test.
const mocked: TokenClientOptions = {
  baseURL: 'https://api.example.com',
  refresh: async () => ({ accessToken: 'a' }),
  transport: { fetch: async (url, init) => new Response(url + init.method) },
};
new TokenClient({ ...mocked, transport: { fetch: 'global' } });
new TokenClient({ ...mocked, transport: { fetch: globalThis.fetch } });
// @ts-expect-error: one of the two
new TokenClient({ ...mocked, transport: {} });
