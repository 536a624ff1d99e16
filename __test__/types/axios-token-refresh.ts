// Compiled, never run: the examples of token-refresh's README with another import, and nothing else changed. `...more`
// stands where they say "other options", and parameters have types where theirs have none and `strict` wants them.

import axios from 'axios';
import { installAuthRefresh, setAuthHeaders } from 'token-rotator/axios';
import type { AuthRefreshOptions, AuthTokens } from 'token-rotator/axios';
import { RefreshTimeoutError } from 'token-rotator/axios';
import type { RequestFailureContext } from 'token-rotator/axios';

declare const localStorage: {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
};
declare const analytics: { track(event: string, details?: object): void };
declare const more: AuthRefreshOptions;
declare function afterEach(work: () => void): void;

export async function usage() {
  const api = axios.create({ baseURL: '/api' });

  // Token storage functions
  const getTokens = async () => {
    return JSON.parse(localStorage.getItem('tokens') || 'null');
  };
  const setTokens = async (tokens: AuthTokens) => {
    localStorage.setItem('tokens', JSON.stringify(tokens));
  };

  const { uninstall } = installAuthRefresh(api, {
    refresh: async (refreshToken) => {
      // IMPORTANT: avoid refresh loops: use a separate client OR set skipAuthRefresh: true
      const res = await api.post('/auth/refresh', { refreshToken }, { skipAuthRefresh: true });
      return res.data; // <- AuthTokens: { accessToken, refreshToken, ... }
    },
    getTokens,
    setTokens,
    isSessionExpired: (ctx) => {
      return ctx.status === 401;
    },
    isRefreshFailureTerminal: (error) => {
      const status = (error as any)?.response?.status ?? 0;
      return status === 401;
    },
    header: {
      name: 'Authorization', // default: 'Authorization'
      format: (t) => `Bearer ${t}`, // default: Bearer format
    },
    onBeforeRefresh: () => {
      // called right before refresh starts
      console.log('Refreshing tokens...');
    },
    onRefreshed: (tokens) => {
      // called after successful refresh with new tokens
      console.log('Tokens refreshed!', tokens);
    },
    onRefreshFailed: (error) => {
      // called when refresh fails - includes the error
      console.error('Refresh failed:', error);
      // e.g., redirect to login
    },
    maxRetries: 3,
    refreshTimeout: 10_000,
    // Enable logging (disabled by default for library usage)
    logger: {
      debug: (msg) => console.log(msg),
      error: (msg, err) => console.error(msg, err),
    },
    logout: async () => {
      // optional server-side logout
      await api.post('/auth/logout', {}, { skipAuthRefresh: true });
    },
  });

  // Recommended: seed the default header before making requests
  const existing = await getTokens();
  if (existing?.accessToken) setAuthHeaders(api, existing.accessToken);

  // Clean up when needed (tests, hot reloads, etc.)
  uninstall();
}

export function typescript() {
  const options: AuthRefreshOptions = {
    ...more,
    refresh: async (refreshToken: string): Promise<AuthTokens> => {
      return { accessToken: refreshToken, refreshToken };
    },
  };
  return options;
}

export function errors() {
  const api = axios.create();
  installAuthRefresh(api, {
    ...more,
    onRefreshFailed: (error) => {
      if (error instanceof RefreshTimeoutError) {
        // Handle timeout specifically
        analytics.track('auth_refresh_timeout');
      } else {
        // Handle other refresh failures
        analytics.track('auth_refresh_failed', { error: error.message });
      }
    },
  });
}

export function customHeader() {
  const api = axios.create();
  installAuthRefresh(api, {
    ...more,
    header: {
      name: 'XAuthToken',
      format: (token) => token, // no "Bearer " prefix
    },
  });
}

export function judging() {
  const api = axios.create();
  installAuthRefresh(api, {
    ...more,
    // Decide when an original request failure should trigger a refresh
    isSessionExpired: (ctx) => {
      if (ctx.status === 401) return true;
      const code = ctx.data?.code;
      return ctx.status === 403 && code === 'TOKEN_EXPIRED';
    },
    // Decide when a refresh failure means auth is terminally lost
    isRefreshFailureTerminal: (error) => {
      // Axios example; adapt for your HTTP client
      const status = (error as any)?.response?.status ?? 0;
      const code = (error as any)?.response?.data?.code;
      if (status === 401) return true; // typical: invalid/expired refresh token
      return (
        (status === 400 || status === 403 || status === 409) &&
        ['INVALID_GRANT', 'INVALID_REFRESH_TOKEN', 'TOKEN_REVOKED', 'TOKEN_REUSE_DETECTED'].includes(code)
      );
    },
  });
}

export function twoInstances() {
  const publicApi = axios.create({ baseURL: '/api' });
  const protectedApi = axios.create({ baseURL: '/api' });

  // Only install on the protected API
  installAuthRefresh(protectedApi, {
    ...more,
    refresh: (refreshToken) => publicApi.post('/auth/refresh', { refreshToken }),
  });
}

export function cleanUp(options: AuthRefreshOptions) {
  const api = axios.create();
  const { uninstall } = installAuthRefresh(api, options);

  // In tests or during hot reloads
  afterEach(() => {
    uninstall();
  });

  // This is automatically available
  void api.get('/data', { skipAuthRefresh: true });
  api.interceptors.request.use((config) => {
    const skips: boolean | undefined = config.skipAuthRefresh;
    return skips ? config : config;
  });
}

export function types(context: RequestFailureContext, options: AuthRefreshOptions) {
  const unknownError: (error: unknown) => void = console.error;
  const judge: boolean = options.isSessionExpired(context) || options.isRefreshFailureTerminal(new Error());
  const error: Error = new RefreshTimeoutError();
  installAuthRefresh(axios.create(), {
    ...options,
    onRefreshFailed: unknownError,
    allowedOrigins: ['https://a.example', new URL('https://b.example')],
    logout: () => {},
  });
  void [judge, error.name, context.error.response?.status];
  interface Row {
    accessToken: string;
    refreshToken: string;
    tenant: number;
  }
  const rows = new Map<string, Row>();
  installAuthRefresh(axios.create(), {
    ...options,
    refresh: async () => (await fetch('https://login.example.com/token')).json(),
    getTokens: () => rows.get('me'),
    setTokens: (tokens) => rows.set('me', { tenant: 1, ...tokens }),
    onRefreshed: async (tokens) => tokens.accessToken,
    logout: async () => rows.get('me'),
  });
  const asked = async (): Promise<Row> => rows.get('me')!;
  installAuthRefresh(axios.create(), { ...options, refresh: asked, getTokens: asked });
  // @ts-expect-error options are needed
  installAuthRefresh(axios.create());
  // @ts-expect-error skipAuthRefresh is true or false
  void axios.get('/', { skipAuthRefresh: 'yes' });
  // @ts-expect-error a token is text
  setAuthHeaders(axios, 7);
  // @ts-expect-error refresh is needed
  const none: AuthRefreshOptions = { getTokens: async () => null, setTokens: async () => {} };
  void none;
}
