// Compiled, never run: to the compiler, the axios of `import` is another one than that of `require`.

import axios, { AxiosError } from 'axios';
import type { AxiosInstance } from 'axios';
import { RefreshTimeoutError as RotationTimeoutError, TokenClient } from 'token-rotator';
import {
  RefreshTimeoutError,
  axiosAdapter,
  createTokenRotator,
  installAuthRefresh,
  setAuthHeaders,
} from 'token-rotator/axios';

const client = new TokenClient({ refresh: () => ({ accessToken: 'a' }) });
const api: AxiosInstance = axios.create({ adapter: axiosAdapter(client, { axios }) });

installAuthRefresh(api, {
  refresh: async (refreshToken) => {
    const { data } = await api.post('/auth/refresh', { refreshToken }, { skipAuthRefresh: true });
    return data;
  },
  getTokens: async () => ({ accessToken: 'a', refreshToken: 'r', tenant: 7 }),
  setTokens: async ({ accessToken }) => setAuthHeaders(api, accessToken),
  isSessionExpired: ({ error }) => error instanceof AxiosError && error.response?.status === 401,
  isRefreshFailureTerminal: (error) => axios.isAxiosError(error),
  onRefreshFailed: (error) => {
    if (error instanceof RefreshTimeoutError) void error.code;
  },
}).uninstall();

const rotator = createTokenRotator<{ token: string }>({
  axiosInstance: axios.create(),
  axiosConfig: { timeout: 1_000, skipAuthRefresh: false },
  onRefreshSuccess: ({ token }) => token,
  applyToken: ({ headers }, token) => void headers.set('x-token', token),
});
const same: AxiosInstance = rotator.api;
const timeout: RotationTimeoutError = new RefreshTimeoutError();

void [same, timeout];
