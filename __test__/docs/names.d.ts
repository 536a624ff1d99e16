// Names that blocks of the pages use and do not define, because the page or the reader's own program has them. Those of this
// package and of undici have their types; the rest is any.

import type * as rotator from 'token-rotator';
import type * as axiosEntry from 'token-rotator/axios';
import type * as testing from 'token-rotator/testing';
import type * as undiciEntry from 'token-rotator/undici';
import type * as undici from 'undici';

declare global {
  const PLACEHOLDER: typeof rotator.PLACEHOLDER;
  const TokenClient: typeof rotator.TokenClient;
  const SessionLostError: typeof rotator.SessionLostError;
  const client: rotator.TokenClient;
  const grant: rotator.Grant;
  const auth: rotator.ClientAuth;
  const refresh: (refreshToken: string | null, context: rotator.RefreshContext) => Promise<rotator.Tokens>;
  const getTokens: (session: string) => Promise<rotator.Tokens | null>;
  const setTokens: (tokens: rotator.Tokens | null, session: string) => Promise<void>;
  const axiosAdapter: typeof axiosEntry.axiosAdapter;
  const tokenInterceptor: typeof undiciEntry.tokenInterceptor;
  const { Agent, Pool, interceptors }: typeof undici;
  const agent: undici.Dispatcher;

  const server: testing.AuthServer & import('node:http').Server;
  const once: typeof import('node:events').once;
  const sleep: (ms: number) => Promise<void>;
  const createReadStream: typeof import('node:fs').createReadStream;
  const controller: AbortController;
  const signal: AbortSignal;
  const [url, file, clientId, userId, tenantId, CLIENT_ID, TOKEN_ENDPOINT]: string[];
  const [baseUrl, accessToken]: string[];

  const {
    error,
    log,
    order,
    answerOfTheLogin,
    pool,
    table,
    store,
    other,
    myStore,
    connect,
    vaultClient,
  }: any;
  const { load, save, storage, session, api, axios, createAuthRefresh, postTokenRequest, refreshTokens }: any;
  const { redirectToLogin, tryAnotherReplica, tryLater, installAuthRefresh, request }: any;
  const { OpenAI, Octokit, ky, createClient, PostgrestClient }: any;
  const { test, expect, jest, beforeEach, afterEach, beforeAll }: any;
  const { HttpLink, httpBatchLink, Client, slack, googleAuth, channel, text, grpc, report, got }: any;
  const { app, fastify, ws, Anthropic, Stripe }: any;
  var tokenClient: any;
  let refreshing: any;
}
