'use strict';

// What becomes of the connection that a 401 came over, and of what came over it that nobody wants.

const { Client, Pool } = require('undici');
const { clientFor, closeServers, serve } = require('../requests/servers.js');
const { ask, names, record, useDispatchers, waiting } = require('./dispatchers.js');

const { keep, through } = useDispatchers();
afterEach(closeServers);

const SECOND = { refresh: () => ({ accessToken: 'second' }) };

/** A server that answers the second token, and rejects others as `reject` does; `closed`: how a rejection ended. */
async function rejecting(reject) {
  const counts = { connections: 0, written: 0 };
  let end;
  const closed = new Promise((resolve) => (end = resolve));
  const server = await serve((request, response) => {
    if (request.headers.authorization === 'Bearer second') return response.end('done');
    response.on('close', () => end(response.writableFinished ? 'complete' : 'cut'));
    response.statusCode = 401;
    reject(response);
  });
  server.server.on('connection', () => (counts.connections += 1));
  return { server, counts, closed };
}

/** Writes for as long as somebody reads. */
function flood(response, counts) {
  const write = () => {
    do counts.written += 65_536;
    while (response.write('n'.repeat(65_536)));
  };
  response.on('drain', write);
  write();
}

/** Until `count()` has not changed for a hundred turns of the loop. */
async function settled(count) {
  for (let turns = 0, last = count(); turns < 100; turns += 1) {
    await new Promise(setImmediate);
    if (count() !== last) turns = 0;
    last = count();
  }
}

test('is used again', async () => {
  const { server, counts, closed } = await rejecting((response) => response.end('x'.repeat(10_000)));
  const api = through(clientFor(server, SECOND), { base: keep(new Client(server.url)) });
  expect(await ask(api, server.url)).toMatchObject({ status: 200 });
  expect(await ask(api, server.url)).toMatchObject({ status: 200 });
  expect(counts.connections).toBe(1);
  expect(await closed).toBe('complete');
});

test('is used again if the rest of the body comes after the rotation', async () => {
  let finish;
  const { server, counts } = await rejecting((response) => {
    response.write('first half, ');
    finish = () => response.end('second half');
  });
  const { asked, answer, client } = waiting(server);
  const sent = ask(through(client, { base: keep(new Client(server.url)) }), server.url);
  await asked;
  answer();
  await client.getAccessToken();
  finish();
  expect(await sent).toMatchObject({ status: 200, text: 'done' });
  expect(counts.connections).toBe(1);
});

test.each([
  ['at a 1xx', { onResponseStart: (controller, status) => status < 200 && controller.pause() }, () => {}],
  ['while it waits', {}, (controller) => controller.pause()],
])('is used again, also if the caller pauses %s', async (_when, on, meanwhile) => {
  let finish;
  const { server, counts } = await rejecting((response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.write('first half, ');
    finish = () => response.end('second half');
  });
  const { asked, answer, client } = waiting(server);
  const api = through(client, { base: keep(new Client(server.url)) });
  const onResponseStart = (controller, status) => {
    on.onResponseStart?.(controller, status);
    if (status === 200) setImmediate(() => controller.resume());
  };
  const recorded = record(api, { origin: server.url }, { onResponseStart });
  await asked;
  meanwhile(recorded.controller);
  finish();
  answer();
  expect((await recorded.ended).at(-1)[0]).toBe('onResponseEnd');
  expect(counts.connections).toBe(1);
});

test('is free for a refresh that needs it', async () => {
  const server = await serve((request, response) => {
    if (request.url === '/token') return response.end('second');
    response.statusCode = request.headers.authorization === 'Bearer second' ? 200 : 401;
    response.end('x'.repeat(30_000));
  });
  const pool = keep(new Pool(server.url, { connections: 1 }));
  const client = clientFor(server, {
    refresh: async () => {
      const { text } = await ask(pool, `${server.url}/token`);
      return { accessToken: text };
    },
  });
  const api = through(client, { base: pool });
  expect(await ask(api, server.url)).toMatchObject({ status: 200 });
});

test('holds back a body that is too long to keep', async () => {
  const { server, counts, closed } = await rejecting((response) => flood(response, counts));
  const { asked, answer, client } = waiting(server);
  const sent = ask(through(client), server.url);
  await asked;
  await settled(() => counts.written);
  answer();
  expect(await sent).toMatchObject({ status: 200, text: 'done' });
  expect(await closed).toBe('cut');
});

test.each([
  ['the request is sent again', { refresh: () => ({ accessToken: 'second' }) }, 200],
  ['the refresh fails', {}, 'ERR_REFRESH_FAILED'],
])('is given up if the body is endless and %s', async (_what, options, outcome) => {
  const { server, counts, closed } = await rejecting((response) => flood(response, counts));
  const base = keep(new Pool(server.url, { connections: 1 }));
  const api = through(clientFor(server, { maxRetries: 0, ...options }), { base });
  const sent = ask(api, server.url).then(
    ({ status }) => status,
    (error) => error.code,
  );
  expect(await sent).toBe(outcome);
  expect(await closed).toBe('cut');
});

test('is given up if the body turns out to be endless when nobody wants it', async () => {
  let go;
  const { server, counts, closed } = await rejecting((response) => {
    response.write('at first a little');
    go = () => flood(response, counts);
  });
  const api = through(clientFor(server, SECOND));
  expect(await ask(api, server.url)).toMatchObject({ status: 200, text: 'done' });
  go();
  expect(await closed).toBe('cut');
  // What the sockets hold, rather than what fits into the time that a body has to end.
  expect(counts.written).toBeLessThan(30_000_000);
});

test('is given up if the body hangs, and the request is answered', async () => {
  const { server, closed } = await rejecting((response) => response.write('never'));
  const api = through(clientFor(server, SECOND), { base: keep(new Pool(server.url, { connections: 1 })) });
  expect(await ask(api, server.url)).toMatchObject({ status: 200, text: 'done' });
  expect(await closed).toBe('cut');
});

test('may break: the request is answered', async () => {
  const { server } = await rejecting((response) => {
    response.setHeader('content-length', 100);
    response.write('half', () => response.destroy());
  });
  const calls = await record(through(clientFor(server, SECOND)), { origin: server.url }).ended;
  expect(names(calls)).toEqual(['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd']);
});
