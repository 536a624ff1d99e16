// `token-rotator/undici`: requests that undici sends, with a TokenClient's tokens and its one rotation.

import type { Dispatcher } from 'undici';
import type { TokenClient, TokenRotatorError } from './index.js';

/**
 * An interceptor for `dispatcher.compose`: attaches the client's token to requests to its origins, rotates it once
 * however many of them get a 401, and sends them again. Requests to other origins, those with an auth header of their
 * own, and CONNECT go on as they are. Put `redirect` and `cache` where docs/undici.md says.
 *
 * A request fails with what `TokenClient.request` would fail with if no token can be had. `isSessionExpired` is not asked:
 * status 401 is what counts.
 *
 * @throws {TokenRotatorError} ERR_INVALID_OPTION
 * @example
 * const agent = new Agent().compose(tokenInterceptor(client));
 * const { statusCode, body } = await request('https://api.example.com/orders', { dispatcher: agent });
 */
export function tokenInterceptor(
  client: TokenClient,
  options?: TokenInterceptorOptions,
): Dispatcher.DispatcherComposeInterceptor;

export interface TokenInterceptorOptions {
  /**
   * Where the dispatcher goes: for a Client or Pool of undici 7, which do not say so themselves. Not for an Agent.
   * Default: what the request says.
   */
  origin?: string | URL;
}

/** What `context` holds, of the answer of `request`, `stream` and `pipeline`, besides what undici puts there. */
export interface TokenContext {
  readonly tokenRotator: {
    /** How often the request was sent. */
    readonly attempts: number;
    /** How often of that after a rotation. */
    readonly replays: number;
    /**
     * Set if the token was rejected and rotated, and the request could not be sent again since its body was used up:
     * ERR_BODY_NOT_REPLAYABLE. The next request has the new token.
     */
    readonly replayError: TokenRotatorError | undefined;
  };
}
