// Compiled, never run: the interceptor fits undici's own types.

import { TokenClient } from 'token-rotator';
import { tokenInterceptor } from 'token-rotator/undici';
import type { TokenContext, TokenInterceptorOptions } from 'token-rotator/undici';
import { Agent, Pool, interceptors, request } from 'undici';
import type { Dispatcher } from 'undici';

declare const client: TokenClient;

const interceptor: Dispatcher.DispatcherComposeInterceptor = tokenInterceptor(client);
const agent: Dispatcher = new Agent().compose(interceptors.retry(), interceptor, interceptors.redirect());
const named: TokenInterceptorOptions = { origin: new URL('https://api.example.com') };
const pool: Dispatcher = new Pool('https://api.example.com').compose(tokenInterceptor(client, named));

export async function orders(): Promise<number> {
  const { context, body } = await request('https://api.example.com/orders', { dispatcher: agent });
  const { attempts, replays, replayError } = (context as TokenContext).tokenRotator;
  await body.dump();
  await pool.close();
  return replayError === undefined ? attempts - replays : 0;
}

// @ts-expect-error: a client, not its token
tokenInterceptor('token');
// @ts-expect-error: no such option
tokenInterceptor(client, { origins: [] });
// @ts-expect-error: read-only
(null as unknown as TokenContext).tokenRotator.attempts = 1;
