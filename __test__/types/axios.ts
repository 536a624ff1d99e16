// Compiled, never run: how a program gives its axios a client for a wire, and what the compiler must refuse.

import axios, { AxiosError } from 'axios';
import type { AxiosAdapter, AxiosInstance } from 'axios';
import { SessionLostError, TokenClient } from 'token-rotator';
import { axiosAdapter } from 'token-rotator/axios';
import type { AxiosAdapterOptions } from 'token-rotator/axios';

const client = new TokenClient({ refresh: () => ({ accessToken: 'a' }) });

const adapter: AxiosAdapter = axiosAdapter(client);
const options: AxiosAdapterOptions = { axios };
const api: AxiosInstance = axios.create({ adapter: axiosAdapter(client, options) });
axios.defaults.adapter = axiosAdapter(client.session('ada'));

async function use(): Promise<string> {
  try {
    const { data } = await api.get<{ id: string }>('/orders/7', { adapter, timeout: 1_000 });
    return data.id;
  } catch (error) {
    if (error instanceof AxiosError && error.cause instanceof SessionLostError) return error.cause.reason;
    throw error;
  }
}
void use;

// @ts-expect-error a client is needed
axiosAdapter();
// @ts-expect-error an instance is not axios: it has no errors
axiosAdapter(client, { axios: axios.create() });
// @ts-expect-error no such option
axiosAdapter(client, { axois: axios });
