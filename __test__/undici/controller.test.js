'use strict';

// The controller that the caller's handler holds: one for all sendings, for the one under way.

const { once } = require('node:events');
const { Client } = require('undici');
const { clientFor, closeServers, serve, serveExpired } = require('../requests/servers.js');
const { ask, dataOf, names, record, useDispatchers, waiting } = require('./dispatchers.js');

const { keep, through } = useDispatchers();
afterEach(closeServers);

const ONE_ANSWER = ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd'];
const reason = new Error('the caller left');
const leave = (controller) => controller.abort(reason);

/** An interceptor that counts what is sent, or tries to be. */
function counting() {
  const counter = { sent: 0 };
  counter.interceptor = (dispatch) => (options, handler) => {
    counter.sent += 1;
    return dispatch(options, handler);
  };
  return counter;
}

test('aborts before anything was sent, at once, and asks for no token', async () => {
  const server = await serve();
  const refresh = jest.fn();
  const client = clientFor(server, { tokens: { accessToken: 'first', expiresAt: 1 }, refresh });
  const calls = await record(through(client), { origin: server.url }, { onRequestStart: leave }).ended;
  expect(calls).toEqual([['onRequestStart'], ['onResponseError', reason]]);
  await client.close();
  expect(refresh).not.toHaveBeenCalled();
  expect(server.seen).toHaveLength(0);
});

test.each([
  ['for its first token', { tokens: { accessToken: 'first', expiresAt: 1 } }, 0],
  ['for another token', {}, 1],
])('aborts a request that waits %s; the rotation goes on', async (_what, options, sent) => {
  const server = await serve((_, response) => response.writeHead(401).end('no'));
  const { asked, answer, client } = waiting(server, options);
  const counter = counting();
  const api = through(client, { inside: [counter.interceptor] });
  const recorded = record(api, { origin: server.url });
  await asked;
  const { calls, controller } = recorded;
  expect(controller).toMatchObject({ aborted: false, reason: null });
  controller.abort(reason);
  expect(calls).toEqual([['onRequestStart'], ['onResponseError', reason]]);
  expect(controller).toMatchObject({ aborted: true, reason });
  answer();
  expect(await client.getAccessToken()).toBe('second');
  await client.close();
  expect([server.seen.length, counter.sent, calls.length]).toEqual([sent, sent, 2]);
});

test('aborts the second sending, and an answer under way', async () => {
  let closed;
  const { server, client } = await serveExpired((_, response) => {
    if (response.statusCode === 401) return response.end();
    closed = once(response, 'close');
    response.write('half');
  });
  const calls = await record(through(client), { origin: server.url }, { onResponseData: leave }).ended;
  expect(names(calls)).toEqual(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseError']);
  expect(calls.at(-1)[1]).toBe(reason);
  expect(server.seen).toHaveLength(2);
  await closed;
});

test('aborts a request that waits for a connection, and it is never sent', async () => {
  const answers = [];
  const server = await serve((_, response) => answers.push(response));
  const base = keep(new Client(server.url));
  const api = through(clientFor(server), { base });
  const first = ask(api, server.url);
  while (answers.length === 0) await new Promise(setImmediate);
  const second = record(api, { origin: server.url, path: '/second' });
  while (base.stats.pending === 0) await new Promise(setImmediate);
  second.controller.abort(reason);
  expect(second.calls.at(-1)).toEqual(['onResponseError', reason]);
  const third = ask(api, `${server.url}/third`);
  answers[0].end();
  await first;
  while (answers.length === 1) await new Promise(setImmediate);
  answers[1].end();
  await third;
  expect(server.seen.map(({ url }) => url)).toEqual(['/', '/third']);
});

test('without a reason gives undici’s own', async () => {
  const server = await serve();
  const on = { onRequestStart: (controller) => controller.abort() };
  const [, [, error]] = await record(through(clientFor(server)), { origin: server.url }, on).ended;
  expect(error).toMatchObject({ name: 'AbortError', code: 'UND_ERR_ABORTED' });
});

test('does nothing after the end', async () => {
  const { server, client } = await serveExpired((_, response) => response.end('done'));
  let ended;
  const on = { onResponseEnd: (controller) => (ended = controller).abort(reason) };
  const { calls, ended: end } = record(through(client), { origin: server.url }, on);
  await end;
  ended.abort(reason);
  expect(names(calls)).toEqual(ONE_ANSWER);
});

test('pauses and resumes the answer that is the caller’s, also from before it', async () => {
  const text = 'x'.repeat(500_000);
  const { server, client } = await serveExpired((_, response) => response.end(text));
  let paused = true;
  let early = 0;
  const on = {
    onRequestStart: (controller) => controller.pause(),
    onResponseStart(controller) {
      expect(controller.paused).toBe(true);
      setImmediate(() => {
        paused = false;
        controller.resume();
      });
    },
    onResponseData: () => (early += paused),
  };
  const calls = await record(through(client), { origin: server.url }, on).ended;
  expect(early).toBe(0);
  expect(dataOf(calls) === text).toBe(true);
});

test('has the raw headers and trailers of the answer', async () => {
  const { server, client } = await serveExpired((_, response) => {
    response.setHeader('x-status', String(response.statusCode));
    response.end();
  });
  const on = {
    onResponseStart(controller) {
      const raw = controller.rawHeaders.map(String);
      expect(raw[raw.indexOf('x-status') + 1]).toBe('200');
      controller.rawHeaders = ['changed', 'by', 'an', 'interceptor'];
      expect(controller.rawHeaders[0]).toBe('changed');
    },
    onResponseEnd: (controller) => expect(controller.rawTrailers).toEqual([]),
  };
  const calls = await record(through(client), { origin: server.url }, on).ended;
  expect(names(calls).at(-1)).toBe('onResponseEnd');
});
