'use strict';

// Who calls fetch knows three kinds of failure: what was asked is wrong and the request failed, both a TypeError; and the
// signal's reason. What is about the token or the client is neither, and stays what it is.

const {
  clientFor,
  closeServers,
  failure,
  freePort,
  QUERY,
  serve,
  serveRaw,
  TOKEN,
} = require('../requests/servers.js');
const { serveBoth } = require('./both.js');

let both;
beforeAll(async () => {
  both = await serveBoth((_request, response) => response.end('ok'));
});
afterAll(closeServers);

const used = () => {
  const stream = new Response('text').body;
  return stream.cancel().then(() => stream);
};
const locked = async () => {
  const stream = new Response('text').body;
  stream.getReader();
  return stream;
};

/** What the platform's fetch refuses as well. */
const REFUSED = [
  ['a body with GET', (url) => [url, { body: 'text' }]],
  ['an empty body with GET', (url) => [url, { body: '' }]],
  ['a body with HEAD', (url) => [url, { method: 'HEAD', body: 'text' }]],
  [
    'a Request’s body with GET',
    (url) => [new Request(url, { method: 'POST', body: 'text' }), { method: 'GET' }],
  ],
  ['a stream without duplex', (url) => [url, { method: 'POST', body: new ReadableStream() }]],
  ['a generator without duplex', (url) => [url, { method: 'POST', body: (async function* () {})() }]],
  ['a duplex that is none', (url) => [url, { duplex: 'full' }]],
  [
    'a stream that should outlive us',
    (url) => [url, { method: 'POST', body: new ReadableStream(), duplex: 'half', keepalive: true }],
  ],
  ['a locked stream', async (url) => [url, { method: 'POST', body: await locked(), duplex: 'half' }]],
  ['a used stream', async (url) => [url, { method: 'POST', body: await used(), duplex: 'half' }]],
  [
    'a stream of numbers',
    (url) => [
      url,
      {
        method: 'POST',
        body: (async function* () {
          yield 5;
        })(),
        duplex: 'half',
      },
    ],
  ],
  ['a symbol as body', (url) => [url, { method: 'POST', body: Symbol('s') }]],
  ...['CONNECT', 'trace', 'Track', 'a b', '', 'GET\r\n'].map((method) => [
    `method ${JSON.stringify(method)}`,
    (url) => [url, { method }],
  ]),
  ['a symbol as method', (url) => [url, { method: Symbol('s') }]],
  ['a header name that is none', (url) => [url, { headers: { 'a b': '1' } }]],
  ['a header value that is none', (url) => [url, { headers: { a: 'b\r\nc: d' } }]],
  ['a control character in a header', (url) => [url, { headers: { a: '\x01' } }]],
  ['a header value beyond Latin-1', (url) => [url, { headers: { a: '€' } }]],
  ['headers that are none', (url) => [url, { headers: 'a: b' }]],
  ['headers of null', (url) => [url, { headers: null }]],
  ['pairs that are none', (url) => [url, { headers: [['a', 'b', 'c']] }]],
  ...['transfer-encoding', 'keep-alive', 'upgrade', 'expect'].map((name) => [
    name,
    (url) => [url, { headers: { [name]: 'x' } }],
  ]),
  [
    'a content-length that is wrong',
    (url) => [url, { method: 'POST', body: 'text', headers: { 'content-length': '5' } }],
  ],
  ['a signal that is none', (url) => [url, { signal: {} }]],
  ...['mode', 'credentials', 'cache', 'redirect', 'referrerPolicy'].map((name) => [
    `a ${name} that is none`,
    (url) => [url, { [name]: 'x' }],
  ]),
  ['the redirect mode that is only ours', (url) => [url, { redirect: 'same-origin' }]],
  ['mode navigate', (url) => [url, { mode: 'navigate' }]],
  ['a window', (url) => [url, { window: {} }]],
  ['an init that is none', (url) => [url, 5]],
  ['no URL at all', () => []],
  ['a symbol as URL', () => [Symbol('s')]],
  ['a URL that is none', () => ['http://']],
  ['another scheme', () => ['ftp://127.0.0.1/']],
  ['a user name in the URL', () => ['http://user:password@127.0.0.1/']],
];

test.each(REFUSED)('%s', async (_name, args) => {
  const { got } = await both.compare(async (fetch, url) => fetch(...(await args(url))));
  expect(got).toEqual({ rejected: 'TypeError' });
});

/** What it does not refuse, and could not be kept here. */
const REFUSED_HERE = [
  ['integrity', { integrity: 'sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=' }],
  ['dispatcher', { dispatcher: { dispatch() {} } }],
  ['te', { headers: { te: 'trailers' } }],
  ['proxy-connection', { headers: { 'proxy-connection': 'keep-alive' } }],
];

test.each(REFUSED_HERE)('%s', async (_name, init) => {
  both.server.seen.length = 0;
  expect(await failure(both.client.fetch(both.server.url, init))).toMatchObject({ name: 'TypeError' });
  expect(both.server.seen).toHaveLength(0);
});

test('a Request with integrity', async () => {
  const request = new Request(both.server.url, {
    integrity: 'sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=',
  });
  expect(await failure(both.client.fetch(request))).toMatchObject({ name: 'TypeError' });
});

test('what is refused shows no value', async () => {
  const { fetch } = both.client;
  const url = `http://user:${QUERY}@127.0.0.1/`;
  const headers = { authorization: `Bearer ${TOKEN}\x01` };
  for (const args of [[url], [`ftp://x/?${QUERY}`], ['/', { headers }]]) {
    const error = await failure(fetch(...args));
    expect(error).toMatchObject({ name: 'TypeError', cause: { code: 'ERR_INVALID_OPTION' } });
  }
});

describe('a request that failed on its way', () => {
  const failed = (code) => ({ name: 'TypeError', message: 'fetch failed', cause: { code } });

  test('ERR_NETWORK', async () => {
    const { fetch } = clientFor(undefined, { baseURL: `http://127.0.0.1:${await freePort()}` });
    const error = await failure(fetch(`/?${QUERY}`));
    expect(error).toMatchObject({ ...failed('ERR_NETWORK'), cause: { cause: { code: 'ECONNREFUSED' } } });
  });

  test('ERR_NETWORK, after the request', async () => {
    const server = await serveRaw((socket) => socket.destroy());
    expect(await failure(clientFor(server).fetch('/'))).toMatchObject(failed('ERR_NETWORK'));
  });

  test('ERR_TIMEOUT', async () => {
    const server = await serveRaw();
    expect(await failure(clientFor(server, { timeout: 1 }).fetch('/'))).toMatchObject(failed('ERR_TIMEOUT'));
  });
});

describe('what is about the token or the client', () => {
  const lost = Object.assign(new Error('refused'), { error: 'invalid_grant' });
  const throws = (error) => () => {
    throw error;
  };
  let finish = () => {};
  const waits = () => new Promise((resolve) => (finish = () => resolve({ accessToken: TOKEN })));
  // A refresh that never ends keeps its process.
  afterEach(() => finish());

  const CASES = [
    ['ERR_SESSION_LOST', { refresh: throws(lost) }],
    ['ERR_REFRESH_FAILED', { refresh: throws(new Error('down')), maxRetries: 0 }],
    ['ERR_REFRESH_MALFORMED', { refresh: () => ({}) }],
    ['ERR_REFRESH_TIMEOUT', { refresh: waits, refreshTimeout: 1 }],
    ['ERR_STORE_UNAVAILABLE', { tokens: undefined, getTokens: throws(new Error('down')), setTokens() {} }],
    ['ERR_QUEUE_FULL', { queue: { max: 0 }, refresh: waits }],
  ];

  test.each(CASES)('%s', async (code, options) => {
    const tokens = { accessToken: TOKEN, refreshToken: 'r', expiresAt: 1 };
    const { fetch } = clientFor(both.server, { tokens, ...options });
    const error = await failure(fetch('/'));
    expect(error).toMatchObject({ code });
    expect(error).not.toBeInstanceOf(TypeError);
  });

  test('ERR_CLIENT_CLOSED', async () => {
    const client = clientFor(both.server);
    const { fetch } = client;
    await client.close();
    expect(await failure(fetch('/'))).toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  });

  test('ERR_ORIGIN_NOT_ALLOWED', async () => {
    const elsewhere = await serve();
    const error = await failure(both.client.fetch(elsewhere.url));
    expect(error).toMatchObject({ code: 'ERR_ORIGIN_NOT_ALLOWED', name: 'TokenRotatorError' });
    expect(elsewhere.seen).toHaveLength(0);
  });

  test('ERR_INSECURE_TRANSPORT', async () => {
    const { fetch } = clientFor(undefined, { baseURL: 'http://api.invalid' });
    expect(await failure(fetch('/'))).toMatchObject({
      code: 'ERR_INSECURE_TRANSPORT',
      name: 'TokenRotatorError',
    });
  });
});
