'use strict';

// Requests of axios whose transforms or adapter throw: the error may have no config that would lead to its request.

const axios = require('axios');
const { installAuthRefresh } = require('../../lib/axios.js');
const { closeServers, failure, serve } = require('../requests/servers.js');
const { useChannels } = require('./listen.js');
const { parentOf, useSpans } = require('./spans.js');

const { heard, listen, of } = useChannels();
const { finished, inSpan } = useSpans();
const installed = [];
afterEach(async () => {
  for (const { uninstall } of installed.splice(0)) uninstall();
  await closeServers();
});

/** An instance, and its server, which answers each request with `status`. */
async function serveInstance(status) {
  const server = await serve((_, response) => {
    response.statusCode = status;
    response.end('ok');
  });
  const api = axios.create({ baseURL: server.url, proxy: false });
  installed.push(
    installAuthRefresh(api, {
      getTokens: () => ({ accessToken: 'first', refreshToken: 'r' }),
      setTokens: () => {},
      refresh: () => ({ accessToken: 'second', refreshToken: 'r2' }),
    }),
  );
  return { api, server };
}

const throws = () => {
  throw Object.assign(new Error('a mistake'), { code: 'E_MISTAKE' });
};

test.each([
  ['a transform of the request', { transformRequest: throws }],
  ['one of several', { transformRequest: [(data) => data, throws] }],
  ['a transform of the answer', { transformResponse: [throws] }],
  ['an adapter', { adapter: throws }],
  ['an adapter’s promise', { adapter: async () => throws() }],
  ['one of several adapters', { adapter: [throws, 'http'] }],
])('%s: its error ends the span, the try and the request', async (_, settings) => {
  const { api } = await serveInstance(200);
  listen('request');
  listen('try');
  const caller = await inSpan(async () => {
    expect((await failure(api.post('/', {}, settings))).message).toBe('a mistake');
  });
  expect(heard.map(([event]) => event)).toEqual([
    ...['request start', 'try start', 'try error', 'try asyncEnd', 'request error', 'request asyncEnd'],
  ]);
  expect(of('request asyncEnd')).toMatchObject([
    { outcome: 'failed', errorCode: 'E_MISTAKE', status: undefined, attempts: 1 },
  ]);
  const [span] = finished();
  expect([parentOf(span), span.attributes['error.type']]).toEqual([caller.spanId, 'E_MISTAKE']);
});

test('a transform that throws in a replay ends the replay’s span', async () => {
  const { api, server } = await serveInstance(401);
  const transformRequest = (data) => (server.seen.length === 0 ? data : throws());
  listen('request');
  listen('try');
  expect((await failure(api.post('/', 'x', { transformRequest }))).message).toBe('a mistake');
  expect(of('try asyncEnd')).toMatchObject([
    { cause: 'first', status: 401 },
    { cause: 'replay', errorCode: 'E_MISTAKE' },
  ]);
  expect(of('request asyncEnd')).toMatchObject([{ outcome: 'failed', errorCode: 'E_MISTAKE', attempts: 2 }]);
});

test('a config that is sent again has each step once, with its own `this`', async () => {
  const { api } = await serveInstance(503);
  const seen = [];
  const transformRequest = [
    function (data) {
      seen.push(this.url);
      return data;
    },
  ];
  listen('request');
  Error.stackTraceLimit = 200;
  const depth = () => new Error().stack.split('\n').length;
  const depths = [];
  const transformResponse = (data) => {
    depths.push(depth());
    return data;
  };
  let { config } = await failure(api.post('/orders', 'x', { transformRequest, transformResponse }));
  for (let i = 0; i < 3; i++) ({ config } = await failure(api.request(config)));
  expect(seen).toEqual(Array(4).fill('/orders'));
  expect(new Set(depths.slice(1)).size).toBe(1);
  expect(of('request asyncEnd')).toMatchObject(Array(4).fill({ outcome: 'answered', status: 503 }));
});
