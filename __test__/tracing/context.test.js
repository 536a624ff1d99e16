'use strict';

// The context (`AsyncLocalStorage`) in which a client calls the program's code: that of its rotation or of its try, or none.

const { AsyncLocalStorage } = require('node:async_hooks');
const { tracingChannel } = require('node:diagnostics_channel');
const { SpanKind } = require('@opentelemetry/api');
const { clientFor, closeServers, failure, serve, serveExpired } = require('../requests/servers.js');
const { parentOf, useSpans } = require('./spans.js');

const { finished, inSpan, rotations, spansOf, stop, tracer } = useSpans();
const { start } = tracingChannel('token-rotator:rotation');
const tries = tracingChannel('token-rotator:try');
const context = new AsyncLocalStorage();
afterEach(async () => {
  start.unbindStore(context);
  tries.start.unbindStore(context);
  await closeServers();
});

/** Callbacks that write down what `look` sees in them, and after an `await`. */
function callbacks(look) {
  const seen = [];
  const see = (name, result) => async () => {
    seen.push([name, look(name)]);
    await new Promise(setImmediate);
    seen.push([name, look(name)]);
    return result;
  };
  const options = {
    getTokens: see('getTokens', { accessToken: 'first', refreshToken: 'r' }),
    setTokens: see('setTokens'),
    refresh: see('refresh', { accessToken: 'second' }),
    onRefreshed: see('onRefreshed'),
    logger: { debug: see('debug'), error: see('error') },
  };
  return { seen, options };
}

test('spans that the callbacks of a rotation make are children of its span', async () => {
  const { seen, options } = callbacks((name) => {
    const span = tracer.startSpan(`in ${name}`);
    span.end();
    return parentOf(span);
  });
  const { client } = await serveExpired((_, response) => response.end('ok'), {
    ...options,
    tokens: undefined,
  });
  await inSpan(() => client.get('/'));
  const [rotation, ...more] = rotations();
  expect(more).toEqual([]);
  const ofRotation = rotation.spanContext().spanId;
  const names = ['refresh', 'setTokens', 'onRefreshed', 'debug'];
  for (const name of names) expect(seen.filter(([called]) => called === name)).not.toEqual([]);
  const inside = seen.filter(([name]) => names.includes(name));
  expect(inside).toEqual(inside.map(([name]) => [name, ofRotation]));
  const { traceId } = rotation.spanContext();
  expect(
    finished()
      .filter((span) => span.name === 'in refresh')
      .map((span) => span.spanContext().traceId),
  ).toEqual([...[traceId, traceId]]);
});

test('so are those of requests that `refresh` sends through the client', async () => {
  const server = await serve((request, response) => {
    response.statusCode =
      request.url === '/token' || request.headers.authorization === 'Bearer second' ? 200 : 401;
    response.end('{}');
  });
  const refresh = async () => {
    await client.post('/token', undefined, { skipAuthRefresh: true });
    return { accessToken: 'second' };
  };
  const client = clientFor(server, { refresh, tokens: { accessToken: 'first', refreshToken: 'r' } });
  await inSpan(() => client.get('/'));
  const sent = finished().find((span) => span.attributes['url.full'] === `${server.url}/token`);
  expect(parentOf(sent)).toBe(rotations()[0].spanContext().spanId);
});

test('so are those of a client whose copy of the package is another one than the tracing', async () => {
  const parents = [];
  const refresh = () => {
    const span = tracer.startSpan('in refresh');
    span.end();
    parents.push(parentOf(span));
    return { accessToken: 'second' };
  };
  const server = await serve((request, response) => {
    if (request.headers.authorization !== 'Bearer second') response.statusCode = 401;
    response.end();
  });
  jest.resetModules();
  const { TokenClient } = require('../../index.js');
  const tokens = { accessToken: 'first', refreshToken: 'r' };
  const client = new TokenClient({ baseURL: server.url, tokens, refresh });
  await client.get('/');
  await client.close();
  expect(parents).toEqual([rotations()[0].spanContext().spanId]);
});

/** A client whose grant asks with a secret of a function, over `globalThis.fetch`. `look(name)` is called in both functions. */
async function clientWithGrant(look, options) {
  const server = await serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url !== '/token' && request.headers.authorization !== 'Bearer second')
      response.statusCode = 401;
    response.end('{"access_token":"second","token_type":"Bearer","expires_in":60}');
  });
  const clientSecret = async () => {
    look('clientSecret');
    return 'secret';
  };
  const fetch = (url, init) => {
    look(new URL(url).pathname);
    return globalThis.fetch(url, init);
  };
  const auth = { method: 'client_secret_basic', clientSecret };
  const grant = { type: 'client_credentials', tokenEndpoint: `${server.url}/token`, clientId: 'app', auth };
  return clientFor(server, { grant, refresh: undefined, transport: { fetch }, ...options });
}

test.each([
  ['the transport', {}],
  ['the client’s own network', { transport: undefined }],
])('so are those of a source and of a token request, over %s', async (_, options) => {
  const made = [];
  const look = (name) => {
    const span = tracer.startSpan(name);
    span.end();
    made.push([name, parentOf(span)]);
  };
  const client = await clientWithGrant(look, options);
  await inSpan(() => client.get('/orders'));
  const [rotation] = rotations().map((span) => span.spanContext().spanId);
  const [first, replay, ...more] = spansOf(SpanKind.CLIENT).map((span) => span.spanContext().spanId);
  expect(more).toEqual([]);
  const sent = [
    ['/orders', first],
    ['clientSecret', rotation],
    ['/token', rotation],
    ['/orders', replay],
  ];
  const seen = 'transport' in options ? sent.filter(([name]) => name === 'clientSecret') : sent;
  expect(made).toEqual(seen);
});

test('the transport has the stores that are bound to the tries, and each try its own', async () => {
  stop();
  tries.start.bindStore(context, ({ attempt }) => `try ${attempt}`);
  start.bindStore(context, ({ cause }) => `rotation: ${cause}`);
  const seen = [];
  const client = await clientWithGrant((name) => seen.push([name, context.getStore()]));
  await context.run('the caller', () => client.get('/orders'));
  expect(seen).toEqual([
    ['/orders', 'try 1'],
    ['clientSecret', 'rotation: rejected'],
    ['/token', 'rotation: rejected'],
    ['/orders', 'try 2'],
  ]);
});

test('without a listener, a source and the transport have no context', async () => {
  stop();
  const seen = [];
  const client = await clientWithGrant((name) => seen.push([name, context.getStore()]));
  await context.run('the caller', () => client.get('/orders'));
  const names = ['/orders', 'clientSecret', '/token', '/orders'];
  expect(seen).toEqual(names.map((name) => [name, undefined]));
});

test('each of two rotations that a login parts has its own context', async () => {
  stop();
  start.bindStore(context, ({ id }) => id);
  const calls = [];
  const refresh = () => new Promise((resolve) => calls.push({ id: context.getStore(), resolve }));
  const client = clientFor(undefined, { refresh, tokens: { accessToken: 'a', refreshToken: 'r' } });
  const begun = async (count) => {
    while (calls.length < count) await new Promise(setImmediate);
  };
  const overtaken = failure(client.rotate());
  await begun(1);
  await client.setTokens({ accessToken: 'b', refreshToken: 's' });
  const rotated = client.rotate();
  await begun(2);
  calls[0].resolve({ accessToken: 'late' });
  calls[1].resolve({ accessToken: 'new' });
  await Promise.all([overtaken, rotated]);
  expect(calls.map(({ id }) => typeof id)).toEqual(['number', 'number']);
  expect(calls[0].id).not.toBe(calls[1].id);
});

test('without a listener, callbacks have no context, not even that in which the package was loaded', async () => {
  stop();
  const { seen, options } = callbacks(() => context.getStore());
  const server = await serve((request, response) => {
    if (request.headers.authorization !== 'Bearer second') response.statusCode = 401;
    response.end('ok');
  });
  let client;
  context.run('the first request', () => {
    jest.isolateModules(() => {
      const { TokenClient } = require('../../index.js');
      client = new TokenClient({ baseURL: server.url, ...options });
    });
  });
  expect((await context.run('another request', () => client.get('/'))).status).toBe(200);
  await client.close();
  expect(seen.map(([name]) => name)).toContain('refresh');
  expect(seen).toEqual(seen.map(([name]) => [name, undefined]));
});

test.each(['post', 'fetch'])(
  'the generator of a streamed body has the context of its request: %s',
  async (way) => {
    const server = await serve((request, response) => response.end('ok'));
    const client = clientFor(server);
    const seen = [];
    async function* body() {
      seen.push(context.getStore());
      yield Buffer.from('a');
      seen.push(context.getStore());
      yield Buffer.from('b');
      seen.push(context.getStore());
    }
    const send = () =>
      way === 'post'
        ? client.post('/', body())
        : client.fetch('/', { method: 'POST', body: body(), duplex: 'half' });
    expect((await context.run('the caller', send)).status).toBe(200);
    expect(server.seen[0].body.toString()).toBe('ab');
    expect(seen).toEqual(['the caller', 'the caller', 'the caller']);
  },
);

test('so has the end of one that an abort cuts off', async () => {
  const abort = new AbortController();
  const server = await serve();
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  async function* body() {
    try {
      yield Buffer.from('a');
      abort.abort();
      for (;;) yield Buffer.alloc(65_536);
    } finally {
      end(context.getStore());
    }
  }
  const sent = context.run('the caller', () => clientFor(server).post('/', body(), { signal: abort.signal }));
  await failure(sent);
  expect(await ended).toBe('the caller');
});
