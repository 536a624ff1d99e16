/// <reference types="node" />

// Durations are milliseconds, at most 2 147 483 647 (24.8 days), fractions rounded up; sizes are bytes. Options are checked
// when they are given, and undefined is the same as absent. An option that is wrong or unknown is a TokenRotatorError with code
// ERR_INVALID_OPTION. It names the option and never its value. The constructor and `session` throw it; all else rejects with it.

// ───────────────────────────── tokens ─────────────────────────────

/** One login's tokens, as `getTokens` and `refresh` may give them and `setTokens` and `onRefreshed` receive them. */
export interface Tokens {
  /** 1 to 16 384 visible ASCII characters, without spaces. Empty while there is only a refresh token. */
  accessToken: string;
  /** Absent, null or empty in a refresh result: the one already held is kept (RFC 6749 §6). */
  refreshToken?: string | null;
  /** Epoch ms. Absent: unknown, so only a rejected request tells. More than a year ahead counts as a year. */
  expiresAt?: number;
  /**
   * Epoch ms: the server wants the tokens to be rotated from then on, long before they expire (`refresh_in`, as Microsoft sends it).
   * Tokens in use are, in the background, unless `refreshAhead` is 0. Absent: it does not say.
   */
  refreshAt?: number;
  /** Usually `Bearer`. Stored and handed back, never interpreted. */
  tokenType?: string;
  /** Scopes, separated by spaces. Stored and handed back, never interpreted. */
  scope?: string;
  /**
   * Anything else that is JSON is stored beside the tokens and handed back, never interpreted. A field that is no JSON, such as
   * a cycle or a BigInt, is left out, with a process warning, TOKEN_ROTATOR_TOKENS.
   */
  [extra: string]: unknown;
}

/** A moment: epoch ms, epoch seconds, a Date, or the text of any of these. */
export type MomentLike = number | string | Date | null;

/**
 * `Tokens`, or a token endpoint's own answer (RFC 6749 §5.1). White space around tokens and `Bearer ` before an access token
 * are taken off.
 *
 * `expires_in`, or `expiresIn`, is seconds from now, as a number or its text. Milliseconds are known by their number: 3 600 000
 * is an hour. Zero and negative values mean unknown. `expiresAt` may also be called `expires_at`, `expires_on`, `expiresOn` or
 * `expiry_date`. Of a refresh, `expires_in` counts first, and a moment that has passed means unknown. Without any of them, an access
 * token that is a JWT ends as its `exp` says (RFC 7519); nothing of it is verified, because the end only tells when to rotate.
 * `refresh_in`, or `refreshIn`, is seconds until `refreshAt`.
 *
 * Unknown too, with a process warning, TOKEN_ROTATOR_TOKENS: an expiry that cannot be read, and `expires_in` in what `getTokens`
 * returns, because the stored lifetime began at an unknown time. Store `expiresAt`, as `setTokens` is given it.
 */
export type TokensLike = Tokens | TokenFields | TokenAnswer | (TokenFields & Extra) | (TokenAnswer & Extra);

/** As a program's own interface has them, which has no index signature. */
interface TokenFields {
  accessToken: string;
  refreshToken?: string | null | undefined;
  expiresAt?: MomentLike | undefined;
  expiresIn?: number | string | null | undefined;
  refreshAt?: MomentLike | undefined;
  refreshIn?: number | string | null | undefined;
}

interface TokenAnswer {
  access_token: string;
  refresh_token?: string | null | undefined;
  expires_in?: number | string | null | undefined;
  expires_at?: MomentLike | undefined;
  refresh_in?: number | string | null | undefined;
  token_type?: string | undefined;
  scope?: string | undefined;
}

/** Anything else beside the tokens is stored with them. */
type Extra = { [extra: string]: unknown };

/** Tokens for a seed, a login or a store: a refresh token alone is enough, and is refreshed before the first request. */
export type LoginLike = TokensLike | LoneFields | LoneAnswer | (LoneFields & Extra) | (LoneAnswer & Extra);

interface LoneFields {
  accessToken?: string | null | undefined;
  refreshToken: string;
}

interface LoneAnswer {
  access_token?: string | null | undefined;
  refresh_token: string;
}

/**
 * The key for an SDK that insists on one: it is no secret. A client puts its token in the place of an auth header with this text in it,
 * wherever the token may go, and rotates it as without the header. For an SDK that checks its keys, put around it what the SDK wants.
 * @example new OpenAI({ fetch: client.fetch, apiKey: PLACEHOLDER })
 * @example `sk_test_${PLACEHOLDER}`
 */
export const PLACEHOLDER: string;

/** The session that a hook, a log line or an error is about: the client's option `session`, or the key of `client.session`. */
export interface SessionContext {
  session: string;
}

// ───────────────────────────── the client ─────────────────────────────

/**
 * An HTTP client whose token rotates: attached to every request, refreshed exactly once when it expires, and the
 * requests it failed sent again.
 *
 * @example
 * const client = new TokenClient({
 *   baseURL: 'https://api.example.com',
 *   refresh: async (refreshToken, { signal }) => {
 *     const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
 *     const response = await fetch('https://auth.example.com/token', { method: 'POST', body, signal });
 *     if (response.ok) return response.json();
 *     const data = await response.json().catch(() => undefined);
 *     throw Object.assign(new Error('refresh failed'), { status: response.status, data });
 *   },
 *   getTokens: (session) => db.load(session),
 *   setTokens: (tokens, session) => db.save(session, tokens),
 * });
 * const orders = await (await client.get('/orders')).json();
 */
export class TokenClient {
  /** @throws {TokenRotatorError} ERR_INVALID_OPTION: an option is missing, unknown or wrong. */
  constructor(options: TokenClientOptions);

  /**
   * Sends one request with a valid token. Resolves for every HTTP status unless `throwHttpErrors`. An aborted request
   * rejects with its signal's own reason.
   *
   * @param url Absolute, or relative to `baseURL`.
   * @throws {TokenRotatorError} ERR_INVALID_OPTION, ERR_ORIGIN_NOT_ALLOWED, ERR_INSECURE_TRANSPORT, ERR_REDIRECT, ERR_BODY_FAILED,
   * ERR_BODY_NOT_REPLAYABLE (a redirect that keeps the body, and a stream that was used up), ERR_REENTRANT_CALL (from within
   * `refresh`, `getTokens` or `setTokens`; so do the methods about tokens)
   * @throws {RefreshError | RefreshTimeoutError | SessionLostError | StoreError} no valid token could be had
   * @throws {QueueFullError | TimeoutError | NetworkError | HttpError | ClientClosedError}
   * @example
   * const response = await client.request('/orders/7', { method: 'PUT', body: { paid: true }, timeout: 5_000 });
   */
  request(url: string | URL, options?: RequestOptions): Promise<HttpResponse>;
  /** `request` with GET. */
  get(url: string | URL, options?: VerbOptions): Promise<HttpResponse>;
  /** `request` with HEAD: the answer has no body. */
  head(url: string | URL, options?: VerbOptions): Promise<HttpResponse>;
  /** `request` with DELETE. */
  delete(url: string | URL, options?: VerbOptions & { body?: BodyLike | null }): Promise<HttpResponse>;
  /**
   * `request` with POST.
   * @example
   * await client.post('/orders', { item: 7 }, { headers: { 'if-match': etag } });
   */
  post(url: string | URL, body?: BodyLike | null, options?: VerbOptions): Promise<HttpResponse>;
  /** `request` with PUT. */
  put(url: string | URL, body?: BodyLike | null, options?: VerbOptions): Promise<HttpResponse>;
  /** `request` with PATCH. */
  patch(url: string | URL, body?: BodyLike | null, options?: VerbOptions): Promise<HttpResponse>;

  /**
   * The global `fetch` with this client's token: for SDKs that take one. Bound. Takes what fetch takes, gives a real
   * `Response`, and rejects as fetch does: TypeError, whose `cause` is the TokenRotatorError, for what is wrong with the
   * request or went wrong on its way; errors about the token or the client as they are. docs/fetch.md has the differences.
   * @example
   * const openai = new OpenAI({ fetch: client.fetch, apiKey: PLACEHOLDER });
   */
  readonly fetch: typeof globalThis.fetch;

  /**
   * A token that is valid now; waits for a rotation only when it must. For gRPC, WebSockets and other HTTP clients.
   * @param options.validFor  how long the token is to live, ms ≥ 0, for work that cannot change it on its way. A token that ends
   *   sooner is rotated first. Where no token lives so long, one in the first half of its life is given. Default 0.
   * @throws {RefreshError | RefreshTimeoutError | SessionLostError | StoreError | ClientClosedError}
   */
  getAccessToken(options?: { validFor?: number | undefined }): Promise<string>;
  /**
   * The tokens held, expired or not; null where nobody is logged in. Reads the store if nobody has yet.
   * @throws {StoreError | ClientClosedError}
   */
  getTokens(): Promise<Tokens | null>;
  /**
   * Logs in (tokens) or out (null), and stores that. Starts a new epoch: a rotation that began before it never
   * overwrites it, and no request is sent again with another login's token.
   * @throws {TokenRotatorError} ERR_INVALID_OPTION: not tokens
   * @throws {StoreError} not stored yet; the login or logout counts all the same, and is stored again until it is
   * @throws {ClientClosedError}
   */
  setTokens(tokens: LoginLike | null): Promise<void>;
  /**
   * Revokes the tokens held at the authorization server (RFC 7009), and then logs out. If the server does not revoke them, the session
   * goes on, so that you can call it again. Only with `grant`, and an endpoint for it: `revocationEndpoint`, an `issuer` or a `provider`
   * that has one.
   * @throws {TokenRotatorError} ERR_INVALID_OPTION: the client has no grant; ERR_REVOKE_FAILED: not revoked, and not logged out
   * @throws {StoreError} not stored yet: see `setTokens`
   * @throws {ClientClosedError}
   */
  revoke(): Promise<void>;
  /**
   * Rotates now, once, however many callers ask.
   * @param options `rejected`: the access token an API refused; without effect if that is no longer the current one.
   * @throws {RefreshError | RefreshTimeoutError | SessionLostError | StoreError | ClientClosedError}
   */
  rotate(options?: { rejected?: string }): Promise<Tokens>;
  /**
   * The same options for another identity (a tenant, a user, a connection), except that `tokens` seeds the client's own session
   * alone. Cheap: thousands per process. Connections, `stats` and `close` are shared. A session need not be kept in a variable: its
   * pause, its loss and its spent tokens are remembered for the next one of that key, see docs/limitations.md.
   * @param key 1 to 512 characters; what `getTokens`, `setTokens` and `refresh` are told.
   * @throws {TokenRotatorError} ERR_INVALID_OPTION
   * @example
   * await client.session(`tenant:${id}`).get('/invoices');
   */
  session(key: string): TokenClient;

  /** Counters since construction, of the client with all of its sessions. */
  stats(): Stats;
  /**
   * Ends the client with all of its sessions: requests that wait, and calls from now on, reject with ClientClosedError; a
   * rotation under way is finished and stored. Idempotent.
   */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export type TokenClientOptions = ClientOptions & NewTokens & TokenStorage & Judge & Route;

interface ClientOptions {
  /**
   * Resolves relative URLs. Its origin is the only one that receives the token, unless `allowedOrigins` adds more.
   * http or https, without credentials, query or fragment. Default: none, so every URL must be absolute.
   */
  baseURL?: string | URL | undefined;
  /**
   * More origins that may receive the token, compared by scheme, host and port. No paths, no wildcards. Default: none.
   * @example ['https://uploads.example.com']
   */
  allowedOrigins?: readonly (string | URL)[] | undefined;
  /** Sent with every request; a request's own header of the same name wins. Default: none. */
  headers?: HeadersLike | undefined;

  // ── which tokens ──

  /** Seeds the store if it holds nothing for `session`. Default: none. */
  tokens?: LoginLike | undefined;
  /** Key of this identity in the store, 1 to 512 characters. Default `'default'`. */
  session?: string | undefined;
  /**
   * Clients of one name, in any worker thread of the process, share tokens and rotations. 1 to 512 characters. What their sessions
   * know outlives the last client by ten minutes. Clients of one directory or Redis share them anyway, and a name parts them
   * further. Default: not shared.
   */
  share?: string | undefined;
  /**
   * How long a rotation's lease lives without renewal, ms, 1 000 to 300 000: after so long, and a quarter more, other processes take a
   * silent holder for dead. With a `rotationGrace` it is a third of that at most, and 1 s at least. A quarter of it is the longest that
   * one call of the store may take, but for the first read of a session in a process, which may take `refreshTimeout`, or
   * `store.timeout` with `redis`. Only with a `store` that processes share. Default 10 000.
   */
  lease?: number | undefined;
  /**
   * How often a cached token that is in use is confirmed by a read of the store, ms ≥ 1; every 30 s where the store tells of
   * changes (`watch`). Only with a `store` that processes share. Default 5 000.
   */
  confirmEvery?: number | undefined;
  /**
   * How long the exit of the process (`process.exit()`, an uncaught exception) waits for rotations under way, so that their tokens are
   * stored, ms ≥ 0; 0: not at all. Only with a directory or Redis as the `store`. A `grant` goes on, but JavaScript cannot run any more: a
   * rotation whose `refresh` has not answered is given up, and its lease given back. See docs/shutdown.md. Not on Windows. Default 2 000.
   */
  drainOnExit?: number | undefined;

  // ── how the token is attached ──

  /**
   * `name` of the header, default `authorization`; `format` of its value, default `Bearer TOKEN`. `format` is called
   * once per token, not per request. A request that brings this header keeps it and gets no token, unless the header holds
   * PLACEHOLDER. `foreign`: `'warn'`, the default, is one process warning, TOKEN_ROTATOR_HEADER, at the first such request of `fetch`,
   * axios or undici; `'keep'`: none, because the headers are meant.
   * @example { name: 'x-api-key', format: (token) => token }
   */
  header?:
    | {
        name?: string | undefined;
        format?: ((token: string) => string) | undefined;
        foreign?: 'warn' | 'keep' | undefined;
      }
    | undefined;

  // ── when to rotate ──

  /**
   * Begin rotating this long before expiry, in the background, ms ≥ 0. 0: off. Default: the least of a fifth of the
   * lifetime and 5 minutes, spread by ±10 % per process. Tokens that live no longer than it: at half their life. Tokens with
   * `refreshAt`: from that moment on, spread by 5 minutes at most.
   */
  refreshAhead?: number | undefined;
  /**
   * How long callers wait for one exchange, and for one call of `getTokens` or `setTokens`, ms ≥ 1. A late success is still
   * stored. Default 10 000. Error: RefreshTimeoutError, and StoreError for the two.
   */
  refreshTimeout?: number | undefined;
  /** Tries more within one rotation after a failure that spent nothing (not sent, 5xx, 429), 0 to 100. Default 3. */
  maxRetries?: number | undefined;
  /**
   * How long the server accepts the previous refresh token again, ms ≥ 0, or a provider's name. Default: that of the grant's
   * `provider`, else 0: strict. Only after an exchange without an answer, the same refresh token is sent once more within this time.
   * @example 30_000
   */
  rotationGrace?: number | RotationGracePreset | undefined;
  /**
   * The longest time between two rotations of a session that nobody uses, ms ≥ 60 000: servers let refresh tokens die that are not
   * spent for days or weeks. Choose half of that time at most, because a restart of the process begins it anew. Sessions that the
   * program holds, of this client alone, are rotated; they do not keep the process running. Default: off.
   */
  keepAlive?: number | undefined;
  /**
   * How many sessions have their tokens in memory, ≥ 1, with a grant that needs no human (all but `refresh_token`). Beyond it, those
   * that were not used for longest forget their tokens, and have them again from the store, or from the grant, when they are next
   * used. A session that rotates, whose tokens are not stored yet, or that `setTokens` or `tokens` gave tokens in memory, never does.
   * Clients that share sessions have the greatest of their numbers. Default 10 000.
   */
  maxIdentities?: number | undefined;

  /**
   * For tests: sends all HTTP requests of the client, those of its `grant` included, through a `fetch` or a dispatcher of undici, so that
   * nock, msw and MockAgent answer and block them. All else stays as it is. `tls`, `proxy`, `socketPath` and `http2` have no effect then.
   * A request that a mock blocks: NetworkError, not retryable. Default: none.
   * @example { fetch: 'global' }
   */
  transport?: TestTransport | undefined;

  // ── lifecycle: none of these can change a request's outcome, delay it, or crash the process. Default: none ──

  /** Before each call of `refresh`. */
  onBeforeRefresh?: ((context: SessionContext) => unknown) | undefined;
  /** After a rotation was stored, before the first request that waited for it is answered. */
  onRefreshed?: ((tokens: Tokens, context: SessionContext) => unknown) | undefined;
  /** After a rotation failed, once: with a RefreshError, SessionLostError or StoreError whose `cause` is what was thrown. */
  onRefreshFailed?: ((error: TokenRotatorError, context: SessionContext) => unknown) | undefined;
  /**
   * `setTokens` failed: with a StoreError whose `cause` is what it threw. The tokens serve from memory and are saved again. Without
   * it, after four failures in a row: one process warning, TOKEN_ROTATOR_HOOK.
   */
  onPersistFailed?: ((error: StoreError, context: SessionContext) => unknown) | undefined;
  /**
   * A logout or another login overtook a refresh: with the tokens that it brought. They are good at the server and kept
   * nowhere, so that you may revoke them. Tokens of a `refresh` that answers after it was given up come here too.
   */
  onSuperseded?: ((tokens: Tokens, context: SessionContext) => unknown) | undefined;
  /**
   * The session is lost: once, until `setTokens` is called or another process has logged in. If the refresh token was refused ahead
   * of expiry, requests are served with the access token until that is rejected or runs out.
   */
  logout?: ((context: SessionContext) => unknown) | undefined;
  /**
   * A callback threw or rejected where nobody else could see it; `hook` is its name, as `'onRefreshed'` or `'store.watch'`. Of
   * `'revokeOnLogout'` the error is an ERR_REVOKE_FAILED.
   * Without it: a process warning, TOKEN_ROTATOR_HOOK, that names the callback.
   */
  onHookError?: ((error: unknown, hook: string, context: SessionContext) => unknown) | undefined;
  /** Lines for people; they hold no token. */
  logger?: Logger | undefined;

  // ── requests ──

  /**
   * The whole request, ms ≥ 1: queueing, replays, retries and the body if it is awaited with them. Default 30 000. A body
   * that is streamed has 5 minutes for each part; `text()` and the like have this long for all of it. Error: TimeoutError.
   */
  timeout?: number | undefined;
  /**
   * When a request is sent again after a failure that passes; a number is the `limit`, false is 0. Default: see
   * RetryOptions.
   */
  retry?: RetryOptions | number | boolean | undefined;
  /**
   * Requests that wait for a rotation, those of all sessions. `max`: how many, ≥ 0, default 10 000, beyond it QueueFullError.
   * `timeout`: how long each, ms ≥ 1, default as long as the request's own; then TimeoutError with `phase` 'queue'.
   */
  queue?: { max?: number | undefined; timeout?: number | undefined } | undefined;
  /**
   * `same-origin` follows a redirect within the origin and refuses others with ERR_REDIRECT; `follow` leaves the token
   * and every header of yours behind when it leaves the origin; `error` refuses all; `manual` returns the 3xx answer.
   * Default `same-origin`.
   */
  redirect?: RedirectMode | undefined;
  /**
   * Largest body that `json`, `text`, `bytes` and `arrayBuffer` hold, counted after decompression, 1 to 2 147 483 647
   * bytes. Default 64 MiB. Error: ERR_TOO_LARGE. A body read as a stream has no limit.
   */
  maxResponseSize?: number | undefined;
  /**
   * false: a request is never sent again after its token was rejected. The rotation happens, and the rejection is the
   * caller's, also where the rotation fails. Default true.
   */
  replay?: boolean | undefined;
  /** Reject with HttpError for statuses outside 200–399. Default false. */
  throwHttpErrors?: boolean | undefined;
  /** Send the token over http:// beyond loopback. Default false: ERR_INSECURE_TRANSPORT. */
  allowInsecure?: boolean | undefined;
  /**
   * PEM text or a Buffer of it, or a source: new handshakes use the newest certificates (docs/sources.md). `ca` is trusted instead of the system's roots and `NODE_EXTRA_CA_CERTS`, as in Node: one, a
   * bundle or a list, DER too, and a server's own self-signed certificate. `cert` and `key` go together,
   * and an encrypted key needs `passphrase`. `rejectUnauthorized` default true. All but the client certificate hold for an https proxy as well. Default: none.
   */
  tls?:
    | (Certificates & {
        rejectUnauthorized?: boolean | undefined;
      })
    | undefined;
  /**
   * Requests on the wire at once, 1 to 65 535; further ones wait for their turn, in order. As many idle connections are
   * kept per origin. Default 256.
   */
  connections?: number | undefined;
  /**
   * Offer HTTP/2 to https origins, which choose by ALPN; all requests to one that takes it share a connection. false:
   * HTTP/1.1 only. Default true.
   */
  http2?: boolean | undefined;
}

/**
 * The option `refresh`, whose own type is this or undefined: a client may have a `grant` in its place.
 * @example type Context = Parameters<Refresh>[1];
 */
export type Refresh = (
  refreshToken: string | null,
  context: RefreshContext,
) => TokensLike | Promise<TokensLike> | Promise<unknown>;

/** Where new tokens come from: a function, or a grant that Rust carries out. */
type NewTokens =
  | {
      /**
       * Asks the authorization server for new tokens. Never called twice for one refresh token while an answer may still
       * come. An error that it throws decides what happens next, see `isRefreshFailureTerminal`. An OAuth error, an answer of status 4xx or an
       * Error that it returns counts as thrown. If it returns a usable refresh token without a usable access token, the refresh fails,
       * and the next one sends the new refresh token.
       * A promise may be of `unknown`, as that of `response.json()` is.
       */
      refresh: Refresh;
      /**
       * Decides whether an error of `refresh` ends the session. Default: it carries the OAuth error invalid_grant, or another server's word for
       * it, where HTTP clients put it: `error`, `body.error`, `data.error`, `response.data.error`, `cause`, an unread Response, or the like.
       * Without any OAuth error, its status is 400, or 401 without a challenge to the client (`WWW-Authenticate: Basic`).
       * Other OAuth errors, such as invalid_client, are about the program and end no session: the error's message says which setting
       * to look at. If it throws or returns a promise, the default decides.
       * @example (error) => error instanceof Error && error.message === 'revoked'
       */
      isRefreshFailureTerminal?: ((error: unknown, context: SessionContext) => boolean) | undefined;
      grant?: undefined;
    }
  | {
      /**
       * Asks a token endpoint for new tokens, in Rust: without a `refresh` function, and without a token in the JavaScript heap unless a
       * hook, a store or a call of yours brings one there. docs/grants.md has a recipe for each kind of server.
       * @example { type: 'client_credentials', issuer: 'https://login.example.com', clientId: 'app', auth: { method: 'client_secret_basic', clientSecret: { env: 'CLIENT_SECRET' } } }
       */
      grant: Grant;
      refresh?: undefined;
      isRefreshFailureTerminal?: undefined;
    };

/** Where tokens live: the pair of callbacks, or a store. */
type TokenStorage =
  | {
      /**
       * Reads the stored tokens of a session; null or undefined if there are none. Goes with `setTokens`. Default: memory.
       * Error: StoreError, also after `refreshTimeout`.
       */
      getTokens: (session: string) => MaybeTokens | Promise<MaybeTokens>;
      /**
       * Stores the tokens of a session; null after a logout: remove them. Goes with `getTokens`. If it returns a promise, the
       * tokens count as stored once that resolves, with any value. Error: see `onPersistFailed`.
       */
      setTokens: (tokens: Tokens | null, session: string) => unknown;
      store?: undefined;
    }
  | {
      getTokens?: undefined;
      setTokens?: undefined;
      /**
       * Where tokens live, for processes that share them. Not together with `getTokens` and `setTokens`, which serve one process only.
       * docs/stores.md says which store is for whom.
       * Default: memory. Error: StoreError.
       * @example { type: 'file', path: '/var/lib/my-service/tokens' }
       */
      store?: Store | undefined;
    };

type MaybeTokens = LoginLike | null | undefined;

// ───────────────────────────── grants ─────────────────────────────

/**
 * A secret, key, certificate or assertion: the value, or where it is. A file is read again when it changes, however it is replaced; while
 * it is missing or half written, its last text serves. An environment variable is read, and a function called, for each use. Error of one
 * that gives nothing usable: RefreshError, which names the option; nothing was sent then, and nothing is spent.
 */
export type Source<T = string> = T | { file: string } | { env: string } | (() => T | Promise<T>);

/** A private key: PEM of any kind, DER, a JWK, a KeyObject, or the JSON file of a Google service account. */
export type PrivateKey = string | Uint8Array | object;

export type SigningAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA';

/** How the client proves to the authorization server that it is itself. */
export type ClientAuth =
  | { method: 'none' }
  /** `basic` encodes id and secret as forms do before base64 (RFC 6749 §2.3.1). */
  | { method: 'client_secret_basic' | 'client_secret_post'; clientSecret: ClientSecret }
  /** Default HS256. */
  | {
      method: 'client_secret_jwt';
      clientSecret: ClientSecret;
      algorithm?: 'HS256' | 'HS384' | 'HS512' | undefined;
    }
  | PrivateKeyJwt
  /** An assertion that somebody else makes, such as a projected service-account token. */
  | { method: 'client_assertion'; assertion: Source }
  /** The certificate of the option `tls` (RFC 8705). */
  | { method: 'tls_client_auth' };

/** Several, of which the server takes one: after `invalid_client` the next is tried once, and the one that worked is remembered. */
type ClientSecret = Source | readonly Source[];

/** RFC 7523 §2.2. Each attempt has an assertion of its own, which lives for minutes. */
interface PrivateKeyJwt extends Signer {
  method: 'private_key_jwt';
  /** Adds `x5t#S256`, by which Entra finds the key. PEM text, or a Buffer of PEM or DER. Default: none. */
  certificate?: Source<string | Uint8Array> | undefined;
  /** `aud` of the assertion. Default: the token endpoint. */
  audience?: string | undefined;
}

interface Signer {
  key: Source<PrivateKey>;
  /** Of an encrypted key. Default: none. */
  passphrase?: Source | undefined;
  /** Default: `alg` of a JWK, else RS256, EdDSA, or the ES algorithm of the curve. */
  algorithm?: SigningAlgorithm | undefined;
  /** `kid`. Default: the key's own, if it is a JWK or of Google. */
  keyId?: string | undefined;
}

interface GrantCommon {
  /**
   * A server of docs/providers.md, which gives `tokenEndpoint`, `revocationEndpoint`, the default of `rotationGrace`, and the usual
   * `auth.method`. Default: none.
   */
  provider?: Provider | undefined;
  /** Where the provider is, if its endpoint depends on it; docs/providers.md says which of these it needs. */
  domain?: string | undefined;
  tenant?: string | undefined;
  realm?: string | undefined;
  /** https; http on this machine, or with `allowInsecure`. It must be given, or `issuer`, or `provider`; it wins over both. */
  tokenEndpoint?: string | URL | undefined;
  /** Its metadata name the endpoints (RFC 8414, OpenID Connect Discovery). Compared as a text with what they say. */
  issuer?: string | URL | undefined;
  /** Where tokens are revoked (RFC 7009). Default: what the issuer's metadata or the provider say. */
  revocationEndpoint?: string | URL | undefined;
  clientId: string;
  /** How the client proves that it is itself. With a `provider`, `method` may be left out. Default: none. */
  auth?: ClientAuth | ProviderAuth | undefined;
  /** Scopes, separated by spaces, or a list. Default: what the server chooses. */
  scope?: string | readonly string[] | undefined;
  audience?: string | undefined;
  /** RFC 8707: absolute URIs. */
  resource?: string | readonly string[] | undefined;
  /** More fields of the form. Those that the grant sends itself are refused. */
  params?: { readonly [name: string]: string } | undefined;
  /**
   * Tokens that are bound to a key which Rust makes (RFC 9449). Needs memory, or a `store` with `key`. true is ES256. Default false.
   */
  dpop?: boolean | { algorithm?: 'ES256' | 'EdDSA' | undefined } | undefined;
  /**
   * Revokes the tokens on `client.setTokens(null)`, and those of a refresh that a logout overtook (RFC 7009). The logout does not fail if
   * that fails: `onHookError` is told, as `'revokeOnLogout'`. Default false.
   */
  revokeOnLogout?: boolean | undefined;
}

/** The method is the provider's usual one. */
type ProviderAuth = { method?: undefined; clientSecret: ClientSecret } | ({ method?: undefined } & Signer);

/**
 * Grants but `refresh_token` need no human. If such a grant brings a refresh token, that is used first, and the grant again once it is
 * refused. Processes that share a store and ask for the same share one token.
 */
export type Grant =
  /** RFC 6749 §6. The first tokens come from a login (`setTokens`), the option `tokens`, or the store. */
  | (GrantCommon & { type: 'refresh_token' })
  /** RFC 6749 §4.4. */
  | (GrantCommon & { type: 'client_credentials' })
  /** RFC 7523 §2.1: an assertion that somebody else makes. */
  | (GrantCommon & { type: 'jwt_bearer'; assertion: Source })
  /**
   * RFC 7523 §2.1: an assertion that is signed here. `claims` go over `iss` and `sub` (the client's id) and `aud` (the token endpoint); null
   * takes one out. `iat`, `exp` and `jti` are made for each.
   */
  | (GrantCommon & {
      type: 'jwt_bearer';
      claims?: { readonly [claim: string]: unknown } | undefined;
    } & Signer)
  /** RFC 8693. */
  | (GrantCommon & {
      type: 'token_exchange';
      subjectToken: Source;
      /** @example 'urn:ietf:params:oauth:token-type:jwt' */
      subjectTokenType: string;
      /** Goes with `actorTokenType`. */
      actorToken?: Source | undefined;
      actorTokenType?: string | undefined;
      requestedTokenType?: string | undefined;
    });

/** docs/providers.md has what is known of each. */
export type Provider =
  | 'google'
  | 'microsoft'
  | 'github'
  | 'gitlab'
  | 'atlassian'
  | 'slack'
  | 'salesforce'
  | 'hubspot'
  | 'zoho'
  | 'xero'
  | 'quickbooks'
  | 'shopify'
  | 'box'
  | 'dropbox'
  | 'zoom'
  | 'linkedin'
  | 'okta'
  | 'auth0'
  | 'keycloak'
  | 'cognito'
  | 'supabase'
  | 'workos';

// ───────────────────────────── stores ─────────────────────────────

/** Processes that share a store rotate each session once between them; `memory` belongs to one process, and ends with it. */
export type Store = { type: 'memory' } | FileStore | RedisStore | RegisterStore;

/** For processes of one machine. */
export interface FileStore {
  type: 'file';
  /** A directory, made with mode 0700 if it is not there. Each session is a file in it, with mode 0600. */
  path: string;
  /** Accept a directory on a network file system, which has no dependable locks. Default false: StoreError. */
  allowNetworkFs?: boolean | undefined;
  /** Encrypts the records. Default: the records are not sealed. */
  key?: StoreKey;
}

/** For any number of machines: Redis 6 or later, or Valkey. */
export interface RedisStore {
  type: 'redis';
  /**
   * `redis://` or `rediss://`, with user and password. A list: nodes of a cluster, or with `sentinel` the sentinels. A file has them
   * separated by white space; new connections use the newest.
   */
  url: Source<string | readonly string[]>;
  /** The URLs are nodes of a Redis Cluster. Default false. */
  cluster?: boolean | undefined;
  /** The name of the master that the sentinels watch. Not together with `cluster`. Default: none. */
  sentinel?: string | undefined;
  /** Stands before each key and channel. Default `'token-rotator:'`. */
  prefix?: string | undefined;
  /** PEM text or a Buffer of it, or a source, for `rediss://`; `cert` and `key` go together. Default: Mozilla's authorities. */
  tls?: Certificates | undefined;
  /**
   * How long one command may take, ms ≥ 1. A quarter of the `lease` is the limit all the same, but for the first read of a session in a
   * process. Default 2 000.
   */
  timeout?: number | undefined;
  /** Encrypts the records. Default: the records are not sealed. */
  key?: StoreKey;
}

/** Those that are sources may change without a restart: new connections use the new ones. */
type Certificates = { ca?: Source<string | Buffer> | readonly (string | Buffer)[] | undefined } & (
  | { cert: Source<string | Buffer>; key: Source<string | Buffer>; passphrase?: Source | undefined }
  | { cert?: undefined; key?: undefined; passphrase?: undefined }
);

/**
 * Any database with a conditional write: PostgreSQL (`token-rotator/postgres`), MySQL, DynamoDB, etcd (these three are in
 * `examples/stores`), MongoDB, S3 … `registerConformance` of `token-rotator/testing` finds what is wrong with a store of yours.
 *
 * Records and versions are texts that mean something to this package only: store them as they are. A function that throws, rejects or
 * returns something of another shape is a StoreError, whose `cause` is the thrown value. A write that failed may have been applied
 * all the same. None may wait for the client that it serves: ERR_REENTRANT_CALL.
 *
 * @example
 * const store = {
 *   read: async (session) => (await db.query('SELECT record, version FROM t WHERE session = $1', [session])).rows[0],
 *   async compareAndSet(session, { record, version }, expected) {
 *     const insert = 'INSERT INTO t (session, record, version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
 *     if (expected === null) return (await db.query(insert, [session, record, version])).rowCount === 1;
 *     const update = 'UPDATE t SET record = $2, version = $3 WHERE session = $1 AND version = $4';
 *     return (await db.query(update, [session, record, version, expected])).rowCount === 1;
 *   },
 * };
 */
export interface RegisterStore {
  /** The record of this session, as `compareAndSet` stored it last; null or undefined if there is none. Never from a replica. */
  read(session: string): Promise<StoredRecord | null | undefined>;
  /**
   * Stores `next` if the stored version is `expected` (null: if nothing is stored), in one step, and resolves to true. Otherwise changes
   * nothing and resolves to false.
   */
  compareAndSet(session: string, next: StoredRecord, expected: string | null): Promise<boolean>;
  /**
   * Calls `changed` when another process may have written, with the session or, for any of them, without. Resolves to a function that
   * ends it. `lost`: call it when changes may go unnoticed from now on; `watch` is called again after 1 s, then after pauses that double
   * up to 60 s, and so it is if it rejects. `onHookError` is told of the first failure in a row, as `'store.watch'`. Called with the first
   * wait for a change, ended by `close()`. Without `watch` the store is read again instead: see `confirmEvery`.
   */
  watch?(
    changed: (session?: string) => void,
    lost: (error?: unknown) => void,
  ): Promise<() => void | Promise<void>>;
  /** Encrypts the records. Default: the records are not sealed. */
  key?: StoreKey;
  /**
   * A sealed record opens only in the store of this name, so that nobody can move it to another store of the same key. 1 to 512
   * characters, the same for all processes. Default: none.
   */
  name?: string | undefined;
}

/** Some kilobytes; the version has 32 characters. */
export interface StoredRecord {
  record: string;
  version: string;
}

/**
 * Seals the records that a store keeps: 32 random bytes, as base64 or in a Buffer. Of a list, the first key seals and all of them
 * open. To change the key, deploy `[old, new]` everywhere, then `[new, old]`. `'none'` stands for records that are not sealed, so that
 * sealing begins with `['none', key]`, then `[key, 'none']`. A record that no key opens is a StoreError, and stays as it is.
 * A file has the 32 bytes, or one or more keys as text, and is read again once a second; a function is called when a key is not known.
 * @example Buffer.from(await secrets.get('token-store-key'), 'base64')
 */
export type StoreKey = Source<string | Uint8Array> | readonly Source<string | Uint8Array>[];

/** The options that say when a token counts as expired. */
type Judge =
  | {
      /**
       * Decides whether an answer says that the token is expired. Default: its status is 401, and its `WWW-Authenticate` does
       * not say `insufficient_scope`. Called only for statuses outside 200–399, for `judgedStatuses`, and for network errors
       * (status 0). If it throws, the default decides. After a network error only what can be repeated is sent again:
       * `retry.methods`, an `idempotencyKey`, or a request of which nothing was sent.
       */
      isSessionExpired: (failure: SessionFailure) => boolean;
      /**
       * Statuses from 200 to 399 about which `isSessionExpired` is asked as well. Such an answer is delivered once its body is
       * there whole, or larger than 1 MiB; a redirect is followed after it was judged. Event streams are judged without their
       * body. Needs `isSessionExpired`. Default: none.
       * @example [200, 302]
       */
      judgedStatuses?: readonly number[] | undefined;
    }
  | { isSessionExpired?: ((failure: SessionFailure) => boolean) | undefined; judgedStatuses?: undefined };

/** The way that connections go: straight, through a proxy, or to a Unix socket. */
type Route =
  | {
      /**
       * A Unix socket that all connections go to; URLs still give `host` and path, and with https there is TLS over it. Plain
       * http counts as secure there, since it does not leave the machine. Not together with `proxy`, not on Windows.
       * Default: none.
       * @example '/var/run/docker.sock'
       */
      socketPath?: string | undefined;
      proxy?: false | undefined;
    }
  | {
      socketPath?: undefined;
      /**
       * `http://user:password@host:port`, `https://…`, `socks5://…` (names are looked up here) or `socks5h://…` (by the
       * proxy). https goes through a tunnel, in which the proxy sees the host's name and no more. `'env'`: what HTTP_PROXY,
       * HTTPS_PROXY, ALL_PROXY and NO_PROXY say, in either case, when the client is made; this machine is reached directly.
       * Default false: no proxy, and the environment is not read. Error: NetworkError, which names the proxy and what it did.
       * @example 'http://proxy.example.com:3128'
       */
      proxy?: string | false | undefined;
    };

/** What `transport.dispatcher` needs of an undici Dispatcher. */
interface RequestDispatcher {
  request(options: any): Promise<any>;
}

/** One of the two. See docs/testing-with-mocks.md. */
export type TestTransport =
  | {
      /**
       * Called for each sending with a URL and `{ method, headers, body, signal, redirect: 'manual' }`. `'global'`, or the global fetch itself: the one that
       * is there at the time of the sending.
       */
      fetch: 'global' | ((url: string, init: TestRequestInit) => Promise<Response>);
      dispatcher?: undefined;
    }
  | {
      /** Of undici, such as a MockAgent. */
      dispatcher: RequestDispatcher;
      fetch?: undefined;
    };

export interface TestRequestInit {
  method: string;
  headers: Record<string, string>;
  /** Text where the body is text and has a content type. */
  body: string | Uint8Array<ArrayBuffer> | null;
  signal: AbortSignal;
  redirect: 'manual';
}

export type RedirectMode = 'same-origin' | 'follow' | 'error' | 'manual';

/**
 * As docs/providers.md has it. auth0 and cognito are 0, their window being off until an administrator sets one: pass that number
 * instead. microsoft and shopify, whose refresh tokens stay good, are a day.
 */
export type RotationGracePreset =
  'okta' | 'auth0' | 'cognito' | 'supabase' | 'xero' | 'workos' | 'atlassian' | 'microsoft' | 'shopify';

export interface RefreshContext {
  /** Whose tokens to refresh. */
  session: string;
  /** 1 for the first try of a rotation. */
  attempt: number;
  /**
   * Claims that an API wants to see in the new access token, as the text of a JSON object; absent for most refreshes. Send it to the
   * token endpoint as the form field `claims`. The API has answered 401 with `WWW-Authenticate: Bearer error="insufficient_claims",
   * claims="…"`, as Microsoft's continuous access evaluation does (OpenID Connect Core §5.5).
   * @example '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
   */
  claims?: string;
  /** Aborts when the answer is given up: after 3 × `refreshTimeout`, and at least 30 s. Pass it to your HTTP client. */
  signal: AbortSignal;
}

export interface SessionFailure {
  /** 0 for a network error. */
  status: number;
  /** The body: parsed if it is JSON, else its text; undefined for a network error, and if it is larger than 1 MiB. */
  data: unknown;
  /** Empty for a network error. */
  headers: Headers;
  /** Where the answer came from, after redirects; for a network error, where the request went. With its query. */
  url: string;
  /** Only for a network error. */
  error?: NetworkError;
}

export interface Logger {
  debug(message: string, context?: LogContext): void;
  error(message: string, error?: unknown, context?: LogContext): void;
}

/** The subject of a log line. The other fields are of the rotation under way, if one is. */
export interface LogContext extends SessionContext {
  cause?: RotationMessage['cause'];
  /** How many refreshes the rotation has sent. */
  attempt?: number;
  /** Since the rotation began, ms. */
  duration?: number;
}

// ───────────────────────────── requests ─────────────────────────────

/**
 * Names are HTTP tokens; values are one line of Latin-1. A list is one header for each of its values, and a header whose value
 * is undefined is not sent. A server can pass on the headers of a request that it got: ordinary framing (`connection:
 * keep-alive`, `transfer-encoding: chunked` …) is left out, and `content-length` must be that of the body. Take out `host`,
 * and `authorization` if the client's token is to be sent.
 */
export type HeadersLike =
  | Headers
  | Iterable<readonly [string, HeaderValue] | readonly string[]>
  | { readonly [name: string]: HeaderValue };

type HeaderValue = string | number | readonly string[] | undefined;

/**
 * Text (text/plain), bytes, URLSearchParams and FormData (forms), Blobs, streams; anything else is sent as JSON.
 *
 * Text, bytes, forms and JSON are read when the request is made, and are the same whenever it is sent again. Blobs are read
 * while they are sent, each time. A stream can be sent once, unless it comes from a function, which is called for each
 * sending: `() => createReadStream(path)`. A request whose stream is used up is not sent again: its answer is the caller's,
 * with `replayError` if its token was rejected. Streams that are not needed to the end are destroyed or cancelled, after an
 * abort with its reason. Forms, Blobs and Files may be of any class that has their tag and methods, such as fetch-blob's.
 */
export type BodyLike =
  | string
  | ArrayBufferView
  | ArrayBuffer
  | URLSearchParams
  | FormData
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | BodyFactory
  | JsonBody;

/** Makes a body; called once when the request is made, and for a stream once more for each further sending. */
export type BodyFactory = () => Exclude<BodyLike, BodyFactory>;

/** Any object JSON can express; what looks like a stream, a Blob, a form, a function or a promise is not one. */
export type JsonBody = (object | { readonly [key: string]: unknown }) & {
  readonly pipe?: never;
  readonly getReader?: never;
  readonly arrayBuffer?: never;
  readonly getAll?: never;
  readonly then?: never;
  readonly apply?: never;
  readonly [Symbol.asyncIterator]?: never;
};

/** A plain object, also one of an interface, whose values the compiler cannot check. No URLSearchParams, no Map. */
export type QueryLike =
  | { readonly [name: string]: QueryValue | readonly QueryValue[] }
  | (object & { readonly [Symbol.iterator]?: never });

type QueryValue = string | number | boolean | null | undefined;

export interface VerbOptions {
  /**
   * Over the client's own headers. An explicit authorization header is respected: no token is attached, and a 401 is
   * yours; with PLACEHOLDER in it, the token takes its place. Framing headers (transfer-encoding, connection, expect …) are
   * refused, except in their ordinary form: see HeadersLike. Default: none.
   */
  headers?: HeadersLike | undefined;
  /**
   * Appended to the URL's own query. null and undefined are left out; a list gives a pair for each of its values.
   * @example { page: 2, draft: false, tag: ['new', 'sold'] }
   */
  query?: QueryLike | undefined;
  /** The whole request: queueing, replays, retries and an awaited body, ms ≥ 1. Default: the client's. Error: TimeoutError. */
  timeout?: number | undefined;
  /**
   * Aborting rejects with the signal's reason, and with an AbortError if it has none, as those of old polyfills. A rotation under
   * way goes on for the others. Default: none.
   */
  signal?: AbortSignal | null | undefined;
  /**
   * Neither token nor queue nor rotation for this request; any origin is allowed, and gets none of the client's `headers`
   * unless it is one of the client's. Default false.
   */
  skipAuthRefresh?: boolean | undefined;
  /** As the client's option of this name. Default: the client's; so is what an object leaves out. */
  retry?: RetryOptions | number | boolean | undefined;
  /**
   * Sent as `idempotency-key`, the same whenever the request is sent again; it makes a POST or PATCH one that may be. 1 to
   * 255 visible ASCII characters; true makes a random UUID. Servers that follow the IETF draft want it in double quotes:
   * add them yourself. Default: none.
   */
  idempotencyKey?: string | true | undefined;
  /** As the client's option of this name. Default: the client's. */
  redirect?: RedirectMode | undefined;
  /** As the client's option of this name. Default: the client's. */
  replay?: boolean | undefined;
  /** Reject with HttpError for statuses outside 200–399. Default: the client's. */
  throwHttpErrors?: boolean | undefined;
}

export interface RequestOptions extends VerbOptions {
  /** Any but CONNECT and TRACE. Default GET. */
  method?: string | undefined;
  /** GET and HEAD have none. Default: none. */
  body?: BodyLike | null | undefined;
}

/**
 * When a request is sent again. Two things must hold. It failed in a way that may pass: by a status in `statusCodes`, or on the network.
 * And it may be repeated: its method is in `methods`, it has an `idempotency-key`, or no byte of it left. A stream that was used up is
 * not sent again. All tries share the request's `timeout`, and all requests of a client a budget: 100 retries in a row, and one
 * more for every five requests that succeed (AWS SDKs' "standard" numbers).
 */
export interface RetryOptions {
  /** How often more than once, 0 to 100. Default 2. */
  limit?: number | undefined;
  /** Methods that are sent again. Default GET, HEAD, PUT, DELETE, OPTIONS, TRACE: those that repeating does not change (RFC 9110 §9.2.2). */
  methods?: readonly string[] | undefined;
  /** Statuses after which a request is sent again. Default 408, 425, 429, 500, 502, 503, 504. */
  statusCodes?: readonly number[] | undefined;
  /**
   * The longest pause, ms ≥ 0. Default 30 000. Pauses are random, up to 200 ms before the first retry, twice as much before
   * each further one. `retry-after` wins; if it is longer than this, or than the `timeout` allows, the answer is the
   * caller's at once.
   */
  maxDelay?: number | undefined;
}

/**
 * An answer. One of up to 256 KiB (1 MiB above status 399) is here as a whole, and its body can be read any number of times,
 * in any form. A larger body, or one that has not ended soon after the head, is still on its way: `body` is its one stream,
 * or `json`, `text`, `bytes` and `arrayBuffer` receive it, up to `maxResponseSize`, and can then be called again.
 */
export interface HttpResponse {
  /** As the server sent it. */
  readonly status: number;
  /** The reason phrase; over HTTP/2, which has none, the usual one of the status. */
  readonly statusText: string;
  /** The status is 200 to 299. */
  readonly ok: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: string;
  /** Made on first use. */
  readonly headers: Headers;
  /** A redirect was followed. */
  readonly redirected: boolean;
  /** How often the request went out: 1, and one more for each replay and retry. */
  readonly attempts: number;
  /** How often it was sent again after a rotation. */
  readonly replays: number;
  /**
   * Set if the token was rejected and rotated, and the request could not be sent again since its body is a stream that was
   * used up: ERR_BODY_NOT_REPLAYABLE. The next request has the new token.
   */
  readonly replayError: TokenRotatorError | undefined;
  /**
   * The parsed body. This and the next three reject, where the body came after its response, also with what may happen to it
   * on its way: ERR_TOO_LARGE, NetworkError, TimeoutError, the signal's reason; and with a TypeError after `body` was used.
   * @throws {SyntaxError} the body is not JSON; the message does not quote it
   */
  json<T = unknown>(): Promise<T>;
  /** Decoded as UTF-8, without byte order mark. */
  text(): Promise<string>;
  /** A copy. */
  bytes(): Promise<Uint8Array>;
  /** A copy. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /**
   * A byte stream; null for an empty body. Of a body that is here as a whole, a new one each time; else the only one, after
   * which nothing else reads the body. Cancel it, or read it to the end: until then it has a connection to itself.
   */
  readonly body: ReadableStream<Uint8Array> | null;
}

export interface Stats {
  /** Requests made. */
  requests: number;
  /** Requests sent again after a rotation. */
  replays: number;
  /** Requests sent again after a failure. */
  retries: number;
  /** Requests waiting for a rotation now. */
  queued: number;
  /** The most that ever waited at once. */
  queuePeak: number;
  /** Refreshes whose result was committed. */
  rotations: number;
  /** Rotations that ended without new tokens. */
  rotationsFailed: number;
  /** Rotations another holder had made and this one took over. */
  adopted: number;
  /** Refreshes refused although the refresh token was the newest known. */
  reuseSuspected: number;
  /** Exchanges that may or may not have spent the refresh token. */
  ambiguous: number;
  /** Repeated writes to the store. */
  persistRetries: number;
  /** Sessions held. */
  sessions: number;
  // The rest counts only with a `store` that processes share.
  /** Rotations that had to wait because another process held the lease of the session. */
  leaseWaits: number;
  /** How long they waited, all together, ms. */
  leaseWaitMs: number;
  /** Commits that found their lease taken over, and the tokens still those of before. */
  reclaimed: number;
  /** Commits that found that others had rotated meanwhile. */
  fenced: number;
  /** Rotations found that a process began and, because it died, never finished. */
  orphanIntents: number;
  /** Tokens tried that lost a race with others and were kept in reserve. */
  candidates: number;
  /**
   * Requests that have ended, by the origin that each named. Requests to more than 100 origins are counted as `other`. Without the
   * requests that undici or axios itself sends.
   */
  origins: { [origin: string]: OriginStats };
}

export interface OriginStats {
  requests: number;
  /** Answers with a status of 400 to 499. */
  clientErrors: number;
  /** Answers with a status of 500 and more. */
  serverErrors: number;
  /** Requests without an answer. */
  failed: number;
  replays: number;
  retries: number;
  /** From the call to the answer, with waits, all together, ms. */
  durationMs: number;
}

// ───────────────────────────── traces ─────────────────────────────
// The messages of `node:diagnostics_channel`. docs/tracing.md has the channels.

/** Of `tracingChannel('token-rotator:request')`. One object for all events of a request. */
export interface RequestMessage {
  /** Counts the requests of this thread. */
  readonly id: number;
  /** `'client'`: sent by the client itself, also for `fetch` and for axios' adapter. */
  readonly via: 'client' | 'undici' | 'axios';
  /** Counts the clients of this thread; all sessions of a client have its number. */
  readonly client: number;
  readonly session: string;
  readonly method: string;
  /** Origin and path, without query. Empty for a text that is no URL. */
  readonly url: string;
  /** How often it was sent so far. Stays 0 for a request of a client whose tries nobody follows until the answer comes. */
  readonly attempts: number;
  /** How often of that after a rotation. */
  readonly replays: number;
  /** Of the answer. */
  readonly status: number | undefined;
  /** Undefined until the end. */
  readonly outcome: 'answered' | 'failed' | 'aborted' | undefined;
  /** The `code` of the error that the caller gets, or `ABORT_ERR`, or `UNKNOWN`. */
  readonly errorCode: string | undefined;
  /** As `performance.now()` gives it, ms. */
  readonly startedAt: number;
  /** From the call to the answer, ms. */
  readonly duration: number | undefined;
}

/** Of `tracingChannel('token-rotator:try')`: one sending of a request. */
export interface TryMessage {
  readonly request: RequestMessage;
  /** The first is 1. */
  readonly attempt: number;
  /** `replay`: after a rotation; `retry`: after a failure that may pass; `again`: with the same token. */
  readonly cause: 'first' | 'replay' | 'retry' | 'again';
  /** Of the token in it; undefined if it has none of the session. */
  readonly generation: number | undefined;
  /** A subscriber of `start` may add headers, which this try is sent with. */
  readonly headers: { [name: string]: string };
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly startedAt: number;
  readonly duration: number | undefined;
}

/** Of `tracingChannel('token-rotator:rotation')`. */
export interface RotationMessage {
  readonly id: number;
  /** That of the request that began it. */
  readonly client: number;
  readonly session: string;
  /**
   * `expired`: no token was good for a request; `ahead`: a token would end soon; `rejected`: by a server; `asked`: by `rotate()`;
   * `spent`: a login brought a refresh token that was spent.
   */
  readonly cause: 'expired' | 'ahead' | 'rejected' | 'asked' | 'spent';
  /** Refreshes sent. */
  readonly attempts: number;
  /** `adopted`: another process had rotated, and its tokens were taken over. Undefined until the end. */
  readonly outcome: 'rotated' | 'adopted' | 'unchanged' | 'overtaken' | 'failed' | 'lost' | undefined;
  readonly errorCode: string | undefined;
  /** Of the tokens held at the end. */
  readonly generation: number | undefined;
  /** How long other processes kept it waiting, ms. */
  readonly leaseWait: number;
  readonly startedAt: number;
  readonly duration: number | undefined;
}

/** Of `channel('token-rotator:session')`. */
export interface SessionMessage {
  /** `adopted`: tokens of another process were taken over. */
  readonly event: 'login' | 'logout' | 'lost' | 'adopted';
  readonly client: number;
  readonly session: string;
}

// ───────────────────────────── errors ─────────────────────────────

/**
 * The base of every error of this package; `code` tells them apart. `instanceof` also holds for an error that another
 * installed copy of the package made.
 *
 * @example
 * catch (error) {
 *   if (error instanceof SessionLostError) return redirectToLogin();
 *   if (error instanceof TokenRotatorError && error.retryable) return tryLater();
 *   throw error;
 * }
 */
export type TokenRotatorError = ErrorWithClass | OtherError;
export const TokenRotatorError: {
  new (message: string, options?: TokenRotatorErrorOptions): OtherError;
  /** Tells the compiler that `instanceof` gives the union, which `code` then narrows. */
  readonly prototype: TokenRotatorError;
};

interface TokenRotatorErrorOptions {
  code?: ErrorCode;
  retryable?: boolean;
  cause?: unknown;
}

/** The fields that all errors have in common. It is no class of its own at run time. */
declare class AnyError<Lost extends boolean = false> extends Error {
  constructor(message: string, options?: TokenRotatorErrorOptions);
  readonly code: ErrorCode;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** Only a new login helps. */
  readonly sessionLost: Lost;
  /**
   * The key of the session that the error is about: of RefreshTimeoutError, RefreshError, SessionLostError and StoreError. Not
   * enumerable, so that no logger prints it by itself.
   */
  readonly session?: string;
  /** Name, code, message and the two flags; never a token, nor `cause`. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryable: boolean; sessionLost: boolean };
}

type ErrorWithClass =
  | RefreshTimeoutError
  | RefreshError
  | SessionLostError
  | StoreError
  | QueueFullError
  | TimeoutError
  | NetworkError
  | HttpError
  | ClientClosedError;

interface OtherError extends AnyError {
  readonly code: Exclude<ErrorCode, ErrorWithClass['code']>;
}
/** `refresh` did not answer within `refreshTimeout`. It goes on, and its tokens are stored if they come. */
export class RefreshTimeoutError extends AnyError {
  constructor(message?: string, options?: { code?: ErrorCode; retryable?: boolean; cause?: unknown });
  readonly code: 'ERR_REFRESH_TIMEOUT';
}

/**
 * `refresh` failed, or gave no usable tokens. `cause` is what it threw, the same object. Of a grant, `cause` is an Error with `oauthError`
 * (the server's code, such as `'invalid_client'`), `status` (of its answer) and `code` (Node's, of the network), as far as there are any.
 */
export class RefreshError extends AnyError {
  readonly code: 'ERR_REFRESH_FAILED' | 'ERR_REFRESH_MALFORMED';
  /** ms until the next try is worthwhile, if known. */
  readonly retryAfter?: number;
}

/**
 * No tokens will come until `setTokens` is called, or the store has those of another login. `cause` is what `refresh` threw, if that
 * is why.
 */
export class SessionLostError extends AnyError<true> {
  readonly code: 'ERR_SESSION_LOST';
  /**
   * The server refused the refresh token; there is none; it was refused after an earlier refresh that was never answered; a
   * logout, or another login.
   */
  readonly reason: 'rejected' | 'no_refresh_token' | 'rotation_outcome_unknown' | 'logged_out';
}

/** Tokens could not be read or stored, or another process holds the session's lease. `cause` is what the callback threw. */
export class StoreError extends AnyError {
  readonly code: 'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_CORRUPT' | 'ERR_LOCK_TIMEOUT';
}

/** More requests wait for a rotation than `queue.max`. */
export class QueueFullError extends AnyError {
  readonly code: 'ERR_QUEUE_FULL';
}

/** `timeout` or `queue.timeout` passed. */
export class TimeoutError extends AnyError {
  readonly code: 'ERR_TIMEOUT';
  /** The thing that the request was waiting for: a rotation or a place on the wire, a connection, an answer's head, its body. */
  readonly phase: 'queue' | 'connect' | 'response' | 'body';
}

/** No answer, or only a part of one. */
export class NetworkError extends AnyError {
  readonly code: 'ERR_NETWORK';
  /** `code` is Node's word for what happened, such as ECONNREFUSED; UNKNOWN if nothing is known. */
  readonly cause: Error & { readonly code: string };
}

/** With `throwHttpErrors`: the status is outside 200–399. */
export class HttpError extends AnyError {
  readonly code: 'ERR_HTTP_STATUS';
  /** Not enumerable, so that loggers do not print the body. */
  readonly response: HttpResponse;
}

/** The client was closed before the request was sent. */
export class ClientClosedError extends AnyError {
  readonly code: 'ERR_CLIENT_CLOSED';
}

/** Stable across releases. docs/errors.md says what each means and what to do about it. */
export type ErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_ORIGIN_NOT_ALLOWED'
  | 'ERR_INSECURE_TRANSPORT'
  | 'ERR_REDIRECT'
  | 'ERR_REFRESH_TIMEOUT'
  | 'ERR_REFRESH_FAILED'
  | 'ERR_REFRESH_MALFORMED'
  | 'ERR_SESSION_LOST'
  | 'ERR_REENTRANT_CALL'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_LOCK_TIMEOUT'
  | 'ERR_QUEUE_FULL'
  | 'ERR_TIMEOUT'
  | 'ERR_NETWORK'
  | 'ERR_BODY_NOT_REPLAYABLE'
  | 'ERR_BODY_FAILED'
  | 'ERR_REVOKE_FAILED'
  | 'ERR_TOO_LARGE'
  | 'ERR_HTTP_STATUS'
  | 'ERR_CLIENT_CLOSED'
  /** These four come from `require('token-rotator')` itself. */
  | 'ERR_ADDON_FAILED'
  | 'ERR_ADDON_MISSING'
  | 'ERR_ADDON_UNSUPPORTED'
  | 'ERR_ADDON_VERSION'
  /** A bug of ours: what was asked for may or may not have been done. */
  | 'ERR_INTERNAL';

// Without this, the types above that are not exported would be.
export {};
