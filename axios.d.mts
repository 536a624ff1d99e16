// `token-rotator/axios`: axios with a TokenClient's tokens and its one rotation.
//
// axios.d.mts is the same text, for programs whose axios is that of `import`: to the compiler it is another one.

import type {
  AxiosAdapter,
  AxiosError,
  AxiosInstance,
  AxiosInterceptorManager,
  AxiosRequestConfig,
} from 'axios';
import type { Logger, TokenClient } from './index.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Neither token nor queue nor refresh for this request. Default false. */
    skipAuthRefresh?: boolean;
    /** Of `axiosAdapter`: as a TokenClient's request option. Default: the client's. */
    replay?: boolean;
  }
}

/**
 * An adapter for `axios.create`: requests go through the client, in Rust, with its token, its rotation and its retries, and
 * come back as axios' own http adapter would bring them. The differences are in docs/axios.md.
 *
 * Errors are axios' own: an AxiosError whose `cause` is the client's error. Its code is the one that axios' http adapter would give. Where
 * axios has none, it is the client's (ERR_SESSION_LOST, ERR_REFRESH_FAILED …).
 *
 * A request with an Authorization header, `auth` or user name and password in its URL goes out with that, and its 401 is
 * its caller's. `skipAuthRefresh: true` keeps the session out of a request altogether.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION: not a TokenClient, or axios was not found
 * @example
 * const api = axios.create({ baseURL: 'https://api.example.com', adapter: axiosAdapter(client) });
 * const { data } = await api.get<Order[]>('/orders', { params: { open: true } });
 */
export function axiosAdapter(client: TokenClient, options?: AxiosAdapterOptions): AxiosAdapter;

export interface AxiosAdapterOptions {
  /**
   * The axios whose errors are thrown, so that `instanceof AxiosError` holds. Needed where axios is bundled into the
   * program. Default: the copy that the request was made with, found from here and from the program.
   * @example axiosAdapter(client, { axios })
   */
  axios?: AxiosModule;
}

/** As much of axios as the adapter needs. Not `AxiosStatic`: that of `import` and that of `require` are two types. */
export interface AxiosModule {
  readonly VERSION: string;
  readonly Axios: { readonly prototype: { getUri(config?: object): string } };
  readonly AxiosError: new (...args: any[]) => Error;
}

// ───────────────────────────── as npm's token-refresh ─────────────────────────────

/**
 * Attaches the stored access token to the instance's requests, refreshes it once however many of them get a 401, and sends
 * them again. The options are those of token-refresh 0.6, and mean the same; docs/migrating.md has what was mended.
 *
 * Requests reject with what token-refresh rejects with: the error that `refresh` threw, a RefreshTimeoutError, or their own
 * 401 where no refresh token is stored. A 401 of a request whose body was a stream has the `cause` ERR_BODY_NOT_REPLAYABLE.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION: what could never work
 * @example
 * const { uninstall } = installAuthRefresh(api, {
 *   refresh: async (refreshToken) => (await axios.post('https://auth.example.com/token', { refreshToken })).data,
 *   getTokens: () => storage.load(),
 *   setTokens: (tokens) => storage.save(tokens),
 *   isSessionExpired: ({ status }) => status === 401,
 *   isRefreshFailureTerminal: (error) => axios.isAxiosError(error) && error.response?.status === 401,
 * });
 */
export function installAuthRefresh(
  api: AxiosInstance,
  options: AuthRefreshOptions,
): {
  /**
   * Takes the interceptors out; who waits gets a CanceledError. A refresh under way is finished and its tokens are stored,
   * and nothing else happens any more.
   */
  uninstall: () => void;
};

/**
 * Sets the instance's default header, or with null removes it, and logs in or out with that: what is installed on the
 * instance uses this token from now on. Default header `Authorization`, value `Bearer TOKEN`.
 */
export function setAuthHeaders(
  apiInstance: AxiosInstance,
  token: string | null,
  name?: string,
  build?: (token: string) => string,
): void;

/** Callers waited `refreshTimeout` for a refresh. The same class as that of `token-rotator`. */
export { RefreshTimeoutError } from './index.js';

/** The tokens as they are stored. Fields beside these two are kept. */
export type AuthTokens = {
  accessToken: string;
  refreshToken: string;
};

export interface RequestFailureContext {
  /** 0 for a network error. */
  status: number;
  /** The body as axios has parsed it. */
  data?: any;
  error: AxiosError;
}

export interface AuthRefreshOptions {
  /** Asks for new tokens. Requests that it makes with the same instance do not wait for it. */
  refresh: (refreshToken: string) => AuthTokens | Promise<AuthTokens> | Promise<unknown>;
  /**
   * Reads the storage: at once, and before each refresh; tokens that are newer there are taken over. Waited for `refreshTimeout`, and at
   * least 1 s; so is `setTokens`.
   */
  getTokens: () => AuthTokens | null | undefined | Promise<AuthTokens | null | undefined>;
  /** Stores what was stored with what was refreshed over it. Repeated until it succeeds. */
  setTokens: (tokens: AuthTokens) => unknown;
  /** Decides whether a failed request says that the session has expired. If it throws, status 401 does. */
  isSessionExpired: (context: RequestFailureContext) => boolean;
  /** Decides whether an error of `refresh` ends the session. If it throws, `invalid_grant` or a bare status 400 or 401 does. */
  isRefreshFailureTerminal: (error: unknown) => boolean;
  /** `name` default `Authorization`; `format` default `Bearer TOKEN`, pure. */
  header?: {
    name?: string;
    format?: (token: string) => string;
  };
  /** Before each call of `refresh`. */
  onBeforeRefresh?: () => unknown;
  /** After new tokens were stored, before anything is sent again. */
  onRefreshed?: (tokens: AuthTokens) => unknown;
  /** After a refresh failed, once: with its error, or with the 401 if there was no refresh. */
  onRefreshFailed?: (error: any) => unknown;
  /** How many refreshes in a row may fail before the next 401 ends the session. Default 3. */
  maxRetries?: number;
  /** How long requests wait for a refresh, ms. A late success is still stored. Default 10 000. */
  refreshTimeout?: number;
  /** Lines for people. Default: none. */
  logger?: Logger;
  /** After the session was lost. The request that met it waits for this, at most `refreshTimeout`. */
  logout?: () => unknown;
  /**
   * More origins that get the token than that of the instance's `baseURL`. Without either, it is the first origin that the
   * token goes to.
   * @example ['https://uploads.example.com']
   */
  allowedOrigins?: readonly (string | URL)[];
}

// ───────────────────────────── as axios-token-rotator ─────────────────────────────

/**
 * An axios instance with a token in memory that is refreshed by an endpoint which knows the session by a cookie; the
 * cookies of its origin are kept. The options are those of axios-token-rotator 1.1; docs/migrating.md has what was mended.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION
 * @example
 * const { api, setAccessToken } = createTokenRotator<{ accessToken: string }>({
 *   baseURL: 'https://api.example.com',
 *   onRefreshSuccess: (data) => data.accessToken,
 * });
 * setAccessToken((await api.post('/login', credentials)).data.accessToken);
 */
export function createTokenRotator<TRefreshData = unknown>(
  options: TokenRotatorOptions<TRefreshData>,
): TokenRotatorInstance;

export interface TokenRotatorOptions<TRefreshData = unknown> {
  /** Of the instance that is made. */
  baseURL?: string;
  /** Used as it is, instead of making one. */
  axiosInstance?: AxiosInstance;
  /** POSTed to, without a body. Default `/api/auth/refresh`. */
  refreshEndpoint?: string;
  /** The new access token in the endpoint's answer. If it throws, the refresh has failed. */
  onRefreshSuccess: (data: TRefreshData) => string | Promise<string>;
  /** After the token was set; awaited before anything is sent again. */
  onAfterRefresh?: (data: TRefreshData) => unknown;
  /** After a refresh failed, once; the token is gone by then. */
  onRefreshFailed?: (error: unknown) => unknown;
  /** Puts the token into a request, each time that it is sent. Default: `Authorization: Bearer TOKEN`. */
  applyToken?: (config: SentConfig, token: string) => void;
  /** For the instance that is made; wins over `baseURL` and `withCredentials: true`. */
  axiosConfig?: AxiosRequestConfig;
  /** How long requests wait for a refresh, ms. Default 10 000. */
  refreshTimeout?: number;
  /** As in AuthRefreshOptions. */
  allowedOrigins?: readonly (string | URL)[];
  /** Told of callbacks that threw. Default: a process warning that names the callback. */
  logger?: Logger;
}

/** The config that request interceptors get: axios' InternalAxiosRequestConfig, which its first versions do not have. */
type SentConfig =
  AxiosInstance['interceptors']['request'] extends AxiosInterceptorManager<infer T> ? T : never;

export interface TokenRotatorInstance {
  api: AxiosInstance;
  /** Logs in, or with null out. At once. */
  setAccessToken: (token: string | null) => void;
  getAccessToken: () => string | null;
}
