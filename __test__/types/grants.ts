// Compiled, never run: how a program is meant to write grants, and what the compiler must refuse.

import { createPrivateKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { TokenClient } from 'token-rotator';
import type { ClientAuth, Grant, Provider, Source } from 'token-rotator';

declare const jwk: JsonWebKey;
declare const clientId: string;
declare const usual: Grant;
const issuer = 'https://login.example.com';
const key = createPrivateKey('');

const sources: Source[] = [
  'value',
  { file: '/run/secret' },
  { env: 'SECRET' },
  () => 'value',
  async () => 'value',
];

const auths: ClientAuth[] = [
  { method: 'none' },
  { method: 'client_secret_basic', clientSecret: 's' },
  { method: 'client_secret_post', clientSecret: sources },
  { method: 'client_secret_jwt', clientSecret: { env: 'S' }, algorithm: 'HS512' },
  { method: 'private_key_jwt', key },
  { method: 'private_key_jwt', key: jwk, keyId: 'k' },
  { method: 'private_key_jwt', key: Buffer.from(''), passphrase: { env: 'P' }, algorithm: 'ES256' },
  { method: 'private_key_jwt', key: async () => key, certificate: { file: 'c.pem' }, audience: issuer },
  { method: 'client_assertion', assertion: { file: '/var/run/secrets/token' } },
  { method: 'tls_client_auth' },
];

const grants: Grant[] = [
  { type: 'refresh_token', tokenEndpoint: new URL(issuer), clientId },
  { type: 'client_credentials', issuer, clientId, auth: auths[0], scope: ['a', 'b'] as const },
  { type: 'jwt_bearer', issuer, clientId, assertion: () => 'jwt' },
  { type: 'jwt_bearer', issuer, clientId, key: { file: 'key.json' }, claims: { scope: 'a', sub: null } },
  {
    type: 'token_exchange',
    issuer,
    clientId,
    subjectToken: { file: 't' },
    subjectTokenType: 'urn:a',
    audience: 'b',
  },
  { type: 'refresh_token', provider: 'okta', domain: 'a.okta.com', clientId, auth: { clientSecret: 's' } },
  {
    type: 'client_credentials',
    issuer,
    clientId,
    dpop: true,
    revokeOnLogout: true,
    revocationEndpoint: issuer,
  },
  {
    type: 'client_credentials',
    issuer,
    clientId,
    dpop: { algorithm: 'EdDSA' },
    resource: [issuer],
    params: { a: 'b' },
  },
];

for (const grant of grants)
  void new TokenClient({ grant, onRefreshed: ({ accessToken }) => accessToken.length });
const provider: Provider = 'xero';
void new TokenClient({ grant: { provider, type: 'refresh_token', clientId }, rotationGrace: 'microsoft' });
void new TokenClient({ grant: usual, refresh: undefined, isRefreshFailureTerminal: undefined });
void new TokenClient({ refresh: () => ({ accessToken: 'a' }), grant: undefined });

// @ts-expect-error: one of the two
void new TokenClient({ grant: usual, refresh: () => ({ accessToken: 'a' }) });
// @ts-expect-error: it belongs to refresh
void new TokenClient({ grant: usual, isRefreshFailureTerminal: () => false });
// @ts-expect-error: no such type
void new TokenClient({ grant: { type: 'password', issuer, clientId } });
// @ts-expect-error: no client
void new TokenClient({ grant: { type: 'refresh_token', issuer } });
// @ts-expect-error: no such provider
void new TokenClient({ grant: { type: 'refresh_token', provider: 'acme', clientId } });
// @ts-expect-error: no secret
export const secretless: ClientAuth = { method: 'client_secret_basic' };
// @ts-expect-error: neither assertion nor key
void new TokenClient({ grant: { type: 'jwt_bearer', issuer, clientId } });
// @ts-expect-error: no type of the subject token
void new TokenClient({ grant: { type: 'token_exchange', issuer, clientId, subjectToken: 'a' } });
