// `token-rotator/axios`: axios with a TokenClient's tokens and its one rotation.

import type { AxiosAdapter } from 'axios';
import type { TokenClient } from './index.js';

/**
 * An adapter for `axios.create`: requests go through the client, in Rust, with its token, its rotation and its retries, and
 * come back as axios' own http adapter would bring them. What differs is in docs/axios.md.
 *
 * Errors are axios' own: an AxiosError whose `cause` is the client's error, with the code that axios' http adapter would
 * give, or the client's where axios has none (ERR_SESSION_LOST, ERR_REFRESH_FAILED …).
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
