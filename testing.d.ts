// `token-rotator/testing`: an authorization server that rotates refresh tokens, for your own tests, and the duties of a store of
// yours. All durations are milliseconds. No raw token ever enters the ledger, an event, or `util.inspect`.

import { EventEmitter } from 'node:events';
import type { RegisterStore } from './index.js';

/** Starts an authorization server with an API beside it, in this process, on a port of its own. */
export function startAuthServer(options?: AuthServerOptions): Promise<AuthServer>;

/**
 * The fate of a refresh token that comes back after it was spent.
 * "Previous" means that no token it was exchanged for has been spent; older ones end the session under every policy.
 *
 * - `strict`: refused, and the whole session ends, access tokens too (RFC 9700; oidc-provider).
 * - `leeway`: within `leeway` the previous token gives new tokens (Auth0, Okta, Cognito).
 * - `parent-of-active`: the previous token gives the active tokens, however late (Supabase).
 * - `same-token-window`: within `leeway` the previous token gives the same tokens again (Xero).
 * - `none`: nothing rotates; a refresh token is never spent.
 */
export type ReusePolicy = 'strict' | 'leeway' | 'parent-of-active' | 'same-token-window' | 'none';

export interface AuthServerOptions {
  /** The effect of a spent refresh token. Default `'strict'`. */
  reuse?: ReusePolicy;
  /** How long after its spending a token is forgiven, ms. Read by `leeway` and `same-token-window`. Default 10 000. */
  leeway?: number;
  /** How long an access token is good, ms. Default 3 600 000. */
  accessTokenTtl?: number;
  /** True if answers carry `expires_in` and logins `expiresAt`; without, only a 401 tells. Default true. */
  expiresIn?: boolean;
  /** With `reuse: 'none'`: leave the unchanged refresh token out of the answer. Default false. */
  omitRefreshToken?: boolean;
  /** How long the API does not know an access token that a refresh brought, ms: replication, `nbf`, caches. Default 0. */
  validAfter?: number;
  /** How long the token endpoint takes, ms or a range to choose from: half before the rotation, half after. Default 0. */
  latency?: number | [min: number, max: number];
  /** How long the API takes after it has looked at the token, ms or a range. Default 0. */
  apiLatency?: number | [min: number, max: number];
  /** Address to listen on. Default `'127.0.0.1'`. */
  host?: string;
  /** Port to listen on; 0 takes a free one. Default 0. */
  port?: number;
  /** Scopes of every session, separated by spaces. Default `'api'`. */
  scope?: string;
  /**
   * The secret that token requests must have, in a Basic header or as `client_secret`; else `invalid_client`. null: any client
   * is accepted. Default null.
   */
  clientSecret?: string | null;
  /** Status of OAuth errors, 200 to 499: some servers send them with 200. `invalid_client` is a 401 if this is 400. Default 400. */
  errorStatus?: number;
  /**
   * How many spent refresh tokens and run-out access tokens are remembered, and how many entries `refreshTokens` and
   * `lost` hold; about 600 bytes each. A spent token beyond it is unknown: refused, but no reuse. Default 10 000.
   */
  maxTokens?: number;
  /** How many entries `ledger.requests` and `ledger.applied` hold; about 200 bytes each; 0 keeps none. Default 10 000. */
  maxRequests?: number;
}

export interface AuthServer extends EventEmitter {
  /** Origin, `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /** `POST`: form or JSON, `grant_type=refresh_token`. Any client authentication is accepted, unless there is a `clientSecret`. */
  readonly tokenEndpoint: string;
  /** `POST`: RFC 7009. Either kind of token ends its session. */
  readonly revocationEndpoint: string;
  readonly ledger: Ledger;
  /** The option; set it to make a client's secret wrong for a while. */
  clientSecret: string | null;

  /** Opens a session, as a user's login would. One subject may have several. Default subject `'user'`. */
  login(subject?: string): LoginTokens;
  /** Ends the access tokens issued so far, at once; refresh tokens stay good. Default: everyone's. Gives the number of sessions. */
  expire(subject?: string): number;
  /** Ends sessions, as an administrator would; they do not count as lost. Default: everyone's. Gives their number. */
  revoke(subject?: string): number;
  /** Moves the server's clock forward, ms: lifetimes and windows end without waiting for them. */
  advance(ms: number): void;

  /** Injects a fault into the requests to come. Faults of one phase take turns, in the order they were asked for. */
  fault(fault: Fault): FaultHandle;
  /**
   * This path, and those below it, refuse every token from now on, with a 401 that no new token cures. `error` stands in its
   * challenge, as `insufficient_scope`; without it the challenge is a bare `Bearer`, as that of a gateway's rule.
   */
  forbid(path: string, options?: { error?: string }): { cancel(): void };
  /**
   * Says what the API answers at `path`: `/users`, `GET /users`, `/users/:id`, `/files/*`. It stays until it is cancelled. The latest one
   * that fits is given. The server judges the token first: a request without a good one gets its 401, and no handler is called.
   *
   * @throws {TypeError} for a wrong argument, and for a path that the server answers itself, such as `/token`
   * @example
   * server.respond('/users', [{ id: 1 }]);
   * server.respond('POST /users', (request) => ({ status: 201, body: { id: 2, ...request.json() } }));
   * server.respond('/users', { status: 503 }, { times: 1 }); // once, and then the first one again
   */
  respond(path: string, answer: Answer | AnswerHandler, options?: RespondOptions): RespondHandle;
  /** Takes back every `respond`, `fault` and `forbid`, and lets held requests go on. Sessions and the ledger stay. */
  reset(): void;
  /** Lets every request that a `hang` holds go on; gives their number. Later ones are held again. */
  release(): number;

  /**
   * Resolves with what `predicate` finds as soon as that is truthy; asked now and after every change.
   * Rejects after `timeout` ms (default 10 000), when the predicate throws, and on `close()`.
   */
  waitFor<T>(predicate: (ledger: Ledger) => T, options?: { timeout?: number }): Promise<T>;

  /** Destroys every connection, hanging ones too, and frees the port. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  on<E extends keyof AuthServerEvents>(event: E, listener: (details: AuthServerEvents[E]) => void): this;
  once<E extends keyof AuthServerEvents>(event: E, listener: (details: AuthServerEvents[E]) => void): this;
  off<E extends keyof AuthServerEvents>(event: E, listener: (details: AuthServerEvents[E]) => void): this;
}

export interface LoginTokens {
  accessToken: string;
  refreshToken: string;
  /** Epoch ms. Absent with `expiresIn: false`. */
  expiresAt?: number;
}

export interface AuthServerEvents {
  login: { session: string; subject: string; generation: 0 };
  /** New tokens exist; their answer is not out yet. `early`: the access token they replace had not run out. */
  refresh: { session: string; subject: string; generation: number; id: string; early: boolean };
  /** The answer to the spending of refresh token `id` was handed to the socket, or never will be. */
  answered: { id: string; delivered: boolean };
  /** A spent refresh token came back. `graced`: the policy forgave it. */
  reuse: { session: string; subject: string; id: string; generation: number; graced: boolean };
  lost: LostSession;
  revoke: { session: string; subject: string };
  request: ApiRequest;
  fault: { at: FaultPhase; kind: FaultKind };
}

/**
 * Where in a request a fault strikes.
 *
 * - `before-rotate`: at the token endpoint, nothing spent yet.
 * - `after-rotate`: at the token endpoint; the token is spent, the answer not begun.
 * - `mid-body`: at the token endpoint; the token is spent and half of the answer's body sent.
 * - `api`: at `/api/*` and the paths of `respond`, before the token is looked at.
 * - `after-api`: at the same paths; the request was carried out, the answer not begun.
 */
export type FaultPhase = 'before-rotate' | 'after-rotate' | 'mid-body' | 'api' | 'after-api';

/**
 * - `status`: an error answer; `status` (default 503), `headers` and `body`.
 * - `reset`: the connection is reset (mid-body: closed short of the promised length).
 * - `hang`: nothing until `release()`, then on as usual.
 * - `html`: a web page, status 200 unless given.
 * - `delay`: on as usual after `delay` ms.
 * - `malformed`: status 200 and JSON that breaks off.
 *
 * Mid-body, `status`, `html` and `malformed` follow the first half of the real body, and the message ends cleanly.
 */
export type FaultKind = 'status' | 'reset' | 'hang' | 'html' | 'delay' | 'malformed';

export interface Fault {
  at: FaultPhase;
  kind: FaultKind;
  /** HTTP status, 200 to 599. Default 503 for `status`, 200 for the others. */
  status?: number;
  /** Added to the fault's answer, `Retry-After` for example. */
  headers?: Record<string, string>;
  /** Body instead of the fault's own; an object is sent as JSON. */
  body?: string | Uint8Array | object;
  /** For `delay`: ms. */
  delay?: number;
  /** How many requests meet it. Default 1; `Infinity` until cancelled. */
  times?: number;
}

export interface FaultHandle {
  /** How many requests met it so far. */
  readonly hits: number;
  /** Takes it back. Those it holds already stay held until `release()`. */
  cancel(): void;
}

/**
 * An answer of the API: parts, text, bytes, or anything else as JSON. An object that has only `status` (a number), `headers` and `body` is
 * parts; to send such an object as JSON, give `{ status: 200, body: theObject }`.
 */
export type Answer = AnswerParts | string | Uint8Array | object | number | boolean | null;

export interface AnswerParts {
  /** 200 to 599. */
  status: number;
  /** `Content-Type` is that of the body's kind unless it is given. A 401 has a challenge unless one is given. */
  headers?: Record<string, string | number | readonly string[]>;
  /** Text, bytes, or anything else as JSON. Default: none. */
  body?: string | Uint8Array | object | number | boolean | null;
}

/** If it throws, or gives no answer, the request gets a 501 that says so, and the process a warning, `TOKEN_ROTATOR_RESPOND`. */
export type AnswerHandler = (request: ReceivedRequest) => Answer | Promise<Answer>;

/** A request whose token the server has accepted. */
export interface ReceivedRequest {
  method: string;
  /** With the query: `/users/7?page=2`. */
  url: string;
  /** Without the query. */
  path: string;
  /** Of `:name` in the path; `'*'` is the rest. */
  params: Record<string, string>;
  query: URLSearchParams;
  /** Without `authorization`: `subject` and `generation` say whose token it was. */
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  text(): string;
  /** @throws {SyntaxError} */
  json(): any;
  /** Whose token the request carried; null where no token is wanted. */
  subject: string | null;
  /** 0 for a login's token; counts the rotations of its session. */
  generation: number | null;
}

export interface RespondOptions {
  /** How often it is given; then the one before it is given again. Requests without a good token do not count. Default Infinity. */
  times?: number;
  /** False if no token is wanted, as under `/public`. Default true. */
  token?: boolean;
}

export interface RespondHandle {
  /** How many requests were given this answer so far. */
  readonly hits: number;
  cancel(): void;
}

/** The events that the server saw. Every getter gives a copy as of now. */
export interface Ledger {
  readonly counts: Readonly<LedgerCounts>;
  /** The latest `maxTokens` refresh tokens, in order of issue. */
  readonly refreshTokens: RefreshTokenEntry[];
  /** Sessions that ended because a spent refresh token came back. */
  readonly lost: LostSession[];
  /** The latest `maxRequests` API requests, in order of their answer. */
  readonly requests: ApiRequest[];
  /** How often each `x-request-id` was carried out: more than 1 is a duplicate. */
  readonly applied: Record<string, number>;
  /** Requests that a `hang` fault holds at the moment. */
  readonly hanging: number;
  /** All of the above as plain data. */
  toJSON(): object;
}

export interface LedgerCounts {
  logins: number;
  /** `POST /token`, whatever the answer. */
  tokenRequests: number;
  /** Times a new access token was issued for a refresh token, whether or not its answer arrived. */
  refreshes: number;
  /** Those of them that came before the access token they replace had run out. */
  early: number;
  /** Times a spent refresh token came back. */
  reuses: number;
  /** Those of them that the policy forgave. */
  graced: number;
  /** OAuth errors answered. */
  refused: number;
  /** Sessions ended by `revoke()` or the revocation endpoint. */
  revocations: number;
  /** Requests to `/api/*` and to the paths of `respond`. */
  apiRequests: number;
  /** 401s they were answered with. */
  rejected: number;
  /** Generations that ran out before they were replaced, counted when a request or a refresh first meets one. */
  expiries: number;
  /** Rotations whose answer never got out. */
  undelivered: number;
  /** Faults met. */
  faults: number;
}

export interface RefreshTokenEntry {
  id: string;
  session: string;
  subject: string;
  /** 0 for a login's token; counts the rotations of its session. */
  generation: number;
  /** Epoch ms of the server's clock, as all times here. */
  issuedAt: number;
  /** When it was first exchanged; null: not yet. */
  spentAt: number | null;
  /** True if the answer to its spending got out to the socket; null: not spent, or still under way. */
  delivered: boolean | null;
  /** How often it came back after it was spent. */
  reused: number;
}

export interface LostSession {
  session: string;
  subject: string;
  at: number;
  /** True if the token that came back was rotated and the answer never delivered: no client could have done better. */
  explained: boolean;
}

export interface ApiRequest {
  at: number;
  method: string;
  /** Without the query. */
  path: string;
  /** 0: reset by a fault. */
  status: number;
  /** True if the API carried it out. With an answer of `respond`: its status is below 400. */
  applied: boolean;
  /** Whose token it carried, and from which generation; null for none or an unknown one. */
  session: string | null;
  subject: string | null;
  generation: number | null;
  /** Its `x-request-id`. */
  requestId: string | null;
}

/** The body of a successful `/api/*` or `/public/*` answer. Holds the request's own headers, token included. */
export interface Echo {
  method: string;
  /** With the query. */
  path: string;
  headers: Record<string, string | string[]>;
  /** The request's body as text … */
  body?: string;
  /** … or, if it is not UTF-8, as base64. */
  bodyBase64?: string;
  /** Null under `/public/*`. */
  subject: string | null;
  generation: number | null;
}

/**
 * The duties of a `RegisterStore`, as a list of named checks for any test runner. Each check uses sessions of its own, whose keys
 * begin with `conformance `, and leaves their records behind: give it a database for tests.
 *
 * @param open gives the store, or two of them over one database, each with connections of its own, as two processes have them. Called
 * once by each check, so that `beforeAll` may make the stores. The checks end no store.
 * @throws {TypeError} for a wrong argument
 * @example
 * test.each(registerConformance(() => [store, other]))('$name', ({ run }) => run()); // jest, vitest
 * for (const { name, run } of registerConformance(() => store)) test(name, run); // node:test
 */
export function registerConformance(
  open: () => CheckedStores | Promise<CheckedStores>,
  options?: {
    /** How long a call of the store may take, and a write until `watch` tells of it, ms. Default 10 000. */
    patience?: number;
  },
): RegisterCheck[];

/** Of a list, the first two are used. A store without `watch` passes the checks of `watch`. */
export type CheckedStores = RegisterStore | readonly RegisterStore[];

export interface RegisterCheck {
  /** The duty, as `a record is created over nothing only`. */
  readonly name: string;
  /** Rejects with an `Error` whose message says which answer was wrong, and what to mend. */
  run(): Promise<void>;
}
