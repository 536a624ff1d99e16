'use strict';

// Users who log in: each user is a session of one client. GET /login sends the browser to the authorization server, GET /callback
// takes the code that comes back (RFC 6749 §4.1), and GET /orders uses the user's token.

const { createServer } = require('node:http');
const { randomUUID } = require('node:crypto');
const { SessionLostError, TokenClient } = require('token-rotator');

const { API_URL, AUTHORIZATION_ENDPOINT, TOKEN_ENDPOINT, TOKEN_DIRECTORY } = process.env;
const CLIENT_ID = 'orders-web';

const client = new TokenClient({
  baseURL: API_URL,
  grant: { type: 'refresh_token', tokenEndpoint: TOKEN_ENDPOINT, clientId: CLIENT_ID },
  store: { type: 'file', path: TOKEN_DIRECTORY },
});

/** Of a browser, by its cookie: the state of a login under way, or the user. A real service keeps them in a store of its own. */
const browsers = new Map();

async function login({ browser, callback }) {
  const state = randomUUID();
  browsers.set(browser, { state });
  const query = { response_type: 'code', client_id: CLIENT_ID, redirect_uri: callback, state };
  return { status: 302, location: `${AUTHORIZATION_ENDPOINT}?${new URLSearchParams(query)}` };
}

async function finishLogin({ browser, callback, query }) {
  const state = browsers.get(browser)?.state;
  if (state === undefined || state !== query.get('state')) return { status: 400 };
  const form = { grant_type: 'authorization_code', code: query.get('code'), redirect_uri: callback };
  const body = new URLSearchParams({ ...form, client_id: CLIENT_ID });
  const answer = await fetch(TOKEN_ENDPOINT, { method: 'POST', body });
  if (!answer.ok) return { status: 502 };

  const user = randomUUID(); // or the `sub` of the ID token
  await client.session(user).setTokens(await answer.json());
  browsers.set(browser, { user });
  return { status: 302, location: '/orders' };
}

async function orders({ browser }) {
  const user = browsers.get(browser)?.user;
  if (user === undefined) return { status: 302, location: '/login' };
  try {
    const response = await client.session(user).get('/api/orders');
    return { status: response.status, body: await response.text() };
  } catch (error) {
    if (error instanceof SessionLostError) return { status: 302, location: '/login' };
    throw error;
  }
}

const PAGES = { '/login': login, '/callback': finishLogin, '/orders': orders };

const server = createServer(async (request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const browser = /browser=([0-9a-f-]+)/.exec(request.headers.cookie)?.[1] ?? randomUUID();
  const page = PAGES[url.pathname] ?? (async () => ({ status: 404 }));
  const call = { browser, query: url.searchParams, callback: `${url.origin}/callback` };
  const answer = await page(call).catch(() => ({ status: 503 }));
  response.setHeader('set-cookie', `browser=${browser}; HttpOnly; SameSite=Lax; Path=/`);
  if (answer.location) response.setHeader('location', answer.location);
  response.writeHead(answer.status).end(answer.body);
});

server.listen(process.env.PORT ?? 0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/login`);
});
