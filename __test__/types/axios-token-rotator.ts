// Compiled, never run: the examples of axios-token-rotator's README with another import, and nothing else changed. Those
// that read fields without saying what the data is do not compile under `strict`, as that README says itself (R21).

import axios from 'axios';
import type { AxiosInstance } from 'axios';
import { createTokenRotator } from 'token-rotator/axios';
import type { TokenRotatorInstance, TokenRotatorOptions } from 'token-rotator/axios';

declare const localStorage: { setItem(key: string, value: string): void };
declare const window: { location: { href: string } };
declare const loginResponse: { accessToken: string };
declare function updateAllSocketAuth(token: string): void;

export async function quickStart() {
  const { api, setAccessToken } = createTokenRotator({
    baseURL: 'https://api.example.com',

    // Return the new access token from the refresh response
    // @ts-expect-error data is unknown
    onRefreshSuccess: (data) => data.accessToken,

    // Called when refresh fails: clear state and redirect
    onRefreshFailed: () => {
      window.location.href = '/login';
    },
  });

  // Call after login
  setAccessToken(loginResponse.accessToken);

  // Use `api` exactly like any axios instance
  const { data } = await api.get('/users/me');
  return data;
}

interface RefreshResponse {
  accessToken: string;
  wsToken: string;
}

export function generic() {
  const { api, setAccessToken } = createTokenRotator<RefreshResponse>({
    baseURL: 'https://api.example.com',

    onRefreshSuccess: (data) => data.accessToken,
    onAfterRefresh: (data) => {
      localStorage.setItem('wsToken', data.wsToken);
    },

    onRefreshFailed: () => {
      window.location.href = '/login';
    },
  });
  return { api, setAccessToken };
}

export function migration() {
  const { api, setAccessToken } = createTokenRotator<RefreshResponse>({
    baseURL: process.env['NEXT_PUBLIC_API_URL'] ?? 'http://localhost:3001',

    onRefreshSuccess: (data) => data.accessToken,

    onAfterRefresh: (data) => {
      localStorage.setItem('wsToken', data.wsToken);
      updateAllSocketAuth(data.wsToken);
    },

    onRefreshFailed: () => {
      setAccessToken(null);
      localStorage.setItem('wsToken', '');
      window.location.href = '/auth/login';
    },
  });

  api.defaults.headers.common['X-Requested-With'] = 'XMLHttpRequest';
}

export function customHeader() {
  createTokenRotator<{ token: string }>({
    baseURL: 'https://api.example.com',
    onRefreshSuccess: (data) => data.token,
    applyToken: (config, token) => {
      config.headers['X-Auth-Token'] = token;
    },
  });
}

export function customEndpoint() {
  createTokenRotator<{ token: string }>({
    baseURL: 'https://api.example.com',
    refreshEndpoint: '/v2/token/refresh',
    onRefreshSuccess: (data) => data.token,
  });
}

export function existingInstance() {
  const myAxios = axios.create({ baseURL: 'https://api.example.com' });

  const { api, setAccessToken } = createTokenRotator<RefreshResponse>({
    axiosInstance: myAxios,
    onRefreshSuccess: (data) => data.accessToken,
  });
  return { same: api === myAxios, setAccessToken };
}

export function nextJs() {
  const { api, setAccessToken, getAccessToken } = createTokenRotator<RefreshResponse>({
    baseURL: process.env['NEXT_PUBLIC_API_URL'] ?? 'http://localhost:3001',
    axiosConfig: { withCredentials: true },

    onRefreshSuccess: (data) => data.accessToken,

    onAfterRefresh: (data) => {
      localStorage.setItem('wsToken', data.wsToken);
      updateAllSocketAuth(data.wsToken);
    },

    onRefreshFailed: () => {
      setAccessToken(null);
      localStorage.setItem('wsToken', '');
      window.location.href = '/auth/login';
    },
  });
  const token: string | null = getAccessToken();
  return { api, token };
}

export function limited(options: TokenRotatorOptions<RefreshResponse>) {
  const { api, setAccessToken, getAccessToken }: TokenRotatorInstance =
    createTokenRotator<RefreshResponse>(options);
  const instance: AxiosInstance = api;
  return {
    ...{ instance, getAccessToken }, // setAccessToken NOT exported
    initSession: (token: string) => setAccessToken(token),
    clearSession: () => setAccessToken(null),
  };
}

export function types() {
  createTokenRotator<RefreshResponse>({
    onRefreshSuccess: async (data) => data.accessToken,
    onAfterRefresh: async () => {},
    onRefreshFailed: (error) => console.error(error),
    refreshTimeout: 5_000,
    allowedOrigins: ['https://uploads.example.com'],
  });
  // @ts-expect-error the token is text
  createTokenRotator<RefreshResponse>({ onRefreshSuccess: (data) => data });
  // @ts-expect-error onRefreshSuccess is needed
  createTokenRotator({ baseURL: 'https://api.example.com' });
  // @ts-expect-error no such option
  createTokenRotator({ onRefreshSuccess: () => 'a', refreshEndPoint: '/x' });
}
