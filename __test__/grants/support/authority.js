'use strict';

// An authorization server with an API, in a process of its own, that checks what it gets with npm `jose`, as strictly as the strictest
// real ones. The first argument has:
//
//   trusted   { [issuer]: JWKS }: whose assertions and subject tokens are believed
//   audience  `aud` that they must have; default: the token endpoint
//   claims    claims that an assertion must have; null: must not
//   clients   see `checkClient`; default: everybody is let in
//   form      fields that each token request must have
//   path      of the token endpoint; default /token
//   dpop      tokens are bound to a key, and each proof needs the nonce
//   uses      how many API requests a token is good for; default: any number
//   rotates   an answer has a refresh token, which is good once
//   proxy     an https server behind a proxy that leads every host there
//
// Sends what it has seen when it is asked. Every token begins with `prefix`.

const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const { text } = require('node:stream/consumers');
const tls = require('../../support/tls');
const { Dpop, Refused, checkClient } = require('./proofs.js');

const options = JSON.parse(process.argv[2]);
const { trusted = {}, claims = {}, clients, form: wanted = {}, path = '/token', rotates = false } = options;

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const prefix = `tok${randomBytes(6).toString('hex')}.`;
const ledger = { prefix, tokens: [], forms: [], errors: [], reuses: 0, apiRequests: 0, rejections: [] };
/** Access token → what is known of it. @type {Map<string, { left: number, bound?: string }>} */
const living = new Map();
const refreshTokens = new Map();
const seen = new Set();
const dpop = options.dpop ? new Dpop() : undefined;
let jose;

const newToken = () => {
  const token = prefix + randomBytes(24).toString('base64url');
  ledger.tokens.push(token);
  return token;
};

/** Its claims. Throws unless it is signed by a trusted issuer for this server, lives for an hour at most, and is new. */
async function verified(jwt, endpoint, isOnce) {
  const { iss } = jose.decodeJwt(jwt);
  if (trusted[iss] === undefined) throw new Error('unknown issuer');
  const { payload } = await jose.jwtVerify(jwt, jose.createLocalJWKSet(trusted[iss]), {
    ...{ audience: options.audience ?? endpoint, issuer: iss, maxTokenAge: '1h', clockTolerance: 5 },
    requiredClaims: ['exp', 'iat', ...(isOnce ? ['jti'] : ['sub'])],
  });
  if (payload.exp - payload.iat > 3600) throw new Error('exp is too late');
  if (isOnce && seen.has(payload.jti)) throw new Error('jti was seen before');
  seen.add(payload.jti);
  return payload;
}

const GRANTS = {
  client_credentials: async () => {},
  refresh_token: async ({ refresh_token: token }) => {
    const state = refreshTokens.get(token);
    if (state === 'spent') ledger.reuses += 1;
    if (state !== 'good') throw new Refused('invalid_grant', 'no such refresh token');
    refreshTokens.set(token, 'spent');
  },
  [JWT_BEARER]: async ({ assertion }, endpoint) => {
    const payload = await verified(assertion, endpoint, true);
    for (const [name, value] of Object.entries(claims)) {
      if ((payload[name] ?? null) !== value) throw new Error(`the claim ${name} is wrong`);
    }
  },
  [TOKEN_EXCHANGE]: async (
    { subject_token: subject, subject_token_type: type, actor_token: actor },
    endpoint,
  ) => {
    if (!/^urn:ietf:params:oauth:token-type:(jwt|id_token|access_token)$/.test(type)) {
      throw new Refused('invalid_request', 'subject_token_type');
    }
    await verified(subject, endpoint, false);
    if (actor !== undefined) await verified(actor, endpoint, false);
  },
};

async function answerTo(fields, request) {
  const endpoint = request.url;
  const grant = GRANTS[fields.grant_type];
  if (grant === undefined) throw new Refused('unsupported_grant_type');
  for (const [name, value] of Object.entries(wanted)) {
    if (fields[name] !== value) throw new Refused('invalid_request', `${name} must be another`);
  }
  if (clients !== undefined) {
    const { headers } = request;
    await checkClient({ jose, trusted, seen }, clients, { fields, headers, endpoint });
  }
  const bound = await dpop?.check(jose, request);
  await grant(fields, endpoint);
  const access = newToken();
  living.set(access, { left: options.uses ?? Infinity, bound });
  const answer = { access_token: access, token_type: bound ? 'DPoP' : 'Bearer', expires_in: 3600 };
  if (fields.grant_type === TOKEN_EXCHANGE) answer.issued_token_type = ACCESS_TOKEN;
  if (rotates) {
    answer.refresh_token = newToken();
    refreshTokens.set(answer.refresh_token, 'good');
  }
  return answer;
}

async function token(request, response) {
  const fields = Object.fromEntries(new URLSearchParams(await text(request.body)));
  ledger.forms.push({ ...fields, authorization: request.headers.authorization });
  try {
    send(response, 200, await answerTo(fields, request));
  } catch (error) {
    const code = error instanceof Refused ? error.code : 'invalid_grant';
    ledger.errors.push(`${code}: ${error.message}`);
    send(response, code === 'invalid_client' ? 401 : 400, { error: code });
  }
}

async function api(request, response) {
  ledger.apiRequests += 1;
  const [, scheme, held] = /^(Bearer|DPoP) (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const state = living.get(held);
  try {
    const bound = scheme === 'DPoP' ? await dpop?.check(jose, request, held) : undefined;
    if (!state?.left || state.bound !== bound) throw new Refused('invalid_token');
  } catch (error) {
    ledger.rejections.push(`${error.code}: ${error.message}`);
    const challenge = `${dpop ? 'DPoP' : 'Bearer'} error="${error.code ?? 'invalid_token'}"`;
    return send(response, 401, {}, { 'www-authenticate': challenge });
  }
  state.left -= 1;
  send(response, 200, { ok: true });
}

function send(response, status, body, headers) {
  const nonce = dpop && { 'dpop-nonce': dpop.nonce };
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...nonce,
    ...headers,
  });
  response.end(JSON.stringify(body));
}

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function main() {
  jose = await import('jose');
  const answer = (body, response) => {
    const { method, headers } = body;
    const url = `${options.proxy ? 'https' : 'http'}://${headers.host}${body.url}`;
    const request = { method, headers, url, body };
    return method === 'POST' && body.url === path ? token(request, response) : api(request, response);
  };
  const secure = { cert: tls.server, key: tls.key };
  const server = options.proxy ? https.createServer(secure, answer) : http.createServer(answer);
  const port = await listening(server);
  const proxy = http.createServer().on('connect', (_request, client) => {
    const upstream = net.connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  const proxyPort = await listening(proxy);
  process.on('disconnect', () => process.exit());
  process.on('message', ({ number }) => process.send({ number, answer: ledger }));
  const url = `http://127.0.0.1:${port}`;
  process.send({ url, tokenEndpoint: url + path, proxy: `http://127.0.0.1:${proxyPort}` });
}

main();
