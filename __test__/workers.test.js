'use strict';

// Clients of one name in four worker threads are one client: the same figures for all of them together.

const { once } = require('node:events');
const path = require('node:path');
const { MessageChannel, Worker } = require('node:worker_threads');
const { useHarness } = require('./support/harness.js');
const { withResolvers } = require('./callbacks/misbehaviours.js');
const { LATENCIES } = require('./support/store.js');

const { serve, client, store, track } = useHarness();

const THREADS = 4;
const EXPIRIES = 25;
const REQUESTS = 25;
const PATIENCE = 120_000;

let crew = [];
afterEach(() => Promise.all(crew.splice(0).map(({ worker }) => worker.terminate())));

/** Four workers with a client each; with `shelf`, they keep their tokens there. */
function hire(server, share, { shelf, tokens }) {
  const { url, tokenEndpoint } = server;
  crew = Array.from({ length: THREADS }, () => {
    const { port1, port2 } = new MessageChannel();
    if (shelf !== undefined) serveStore(shelf, port1);
    const workerData = { at: { url, tokenEndpoint }, share, tokens, store: shelf && port2 };
    const transferList = shelf === undefined ? [] : [port2];
    const script = path.join(__dirname, 'support/worker.js');
    const worker = new Worker(script, { workerData, transferList, env: { ...process.env } });
    return { worker, port: port1 };
  });
}

function serveStore(shelf, port) {
  port.on('message', async ({ number, name, args }) => {
    port.postMessage({ number, result: await shelf.callbacks[name](...args) });
  });
}

/** Each worker sends as many; resolves with all their statuses. */
async function wave(requests) {
  const answers = crew.map(async ({ worker }) => {
    worker.postMessage({ requests });
    const [{ statuses }] = await once(worker, 'message');
    return statuses;
  });
  return (await Promise.all(answers)).flat();
}

/** They end by themselves, once told that nothing more will come. */
async function dismiss() {
  const codes = crew.map(async ({ worker, port }) => {
    worker.postMessage({ close: true });
    const [code] = await once(worker, 'exit');
    port.close();
    return code;
  });
  return Promise.all(codes);
}

test.each([...Object.keys(LATENCIES), 'memory'])(
  `${THREADS} threads, ${EXPIRIES} expiries, store %s: one refresh each, nothing lost`,
  async (latency) => {
    const server = await serve({ latency: [0, 4] });
    const tokens = server.login('ada');
    const shelf = latency === 'memory' ? undefined : store(latency, tokens, { seed: 3 });
    hire(server, `workers ${latency} ${server.port}`, { shelf, tokens });
    const allOk = Array(THREADS * REQUESTS).fill(200);
    expect(await track(wave(REQUESTS))).toEqual(allOk);
    if (shelf !== undefined) expect(shelf.reads).toHaveLength(1);

    for (let expiry = 1; expiry <= EXPIRIES; expiry += 1) {
      server.expire();
      expect(await track(wave(REQUESTS))).toEqual(allOk);
      expect(server.ledger.counts).toMatchObject({ expiries: expiry, refreshes: expiry, early: 0 });
    }
    expect(server.ledger.lost).toEqual([]);
    if (shelf !== undefined) expect(shelf.writes).toHaveLength(EXPIRIES);
    expect(await dismiss()).toEqual(Array(THREADS).fill(0));
  },
  PATIENCE,
);

test('a login in one thread is everybody’s', async () => {
  const server = await serve();
  const share = `workers login ${server.port}`;
  hire(server, share, { tokens: server.login('ada') });
  expect(await track(wave(1))).toEqual(Array(THREADS).fill(200));
  const here = client(server, { share });
  await track(here.setTokens(server.login('bob')));
  expect(await track(wave(5))).toEqual(Array(THREADS * 5).fill(200));
  expect(server.ledger.requests.slice(THREADS).every(({ subject }) => subject === 'bob')).toBe(true);
  await track(here.setTokens(null));
  expect(await track(wave(1))).toEqual(Array(THREADS).fill('ERR_SESSION_LOST'));
  expect(await dismiss()).toEqual(Array(THREADS).fill(0));
});

test('a login in one thread is written again after a late write of another thread', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  const shelf = store('sync', tokens);
  const share = `workers late ${server.port}`;
  const { promise: begun, resolve: begin } = withResolvers();
  const { promise: held, resolve: release } = withResolvers();
  const { promise: again, resolve: rewritten } = withResolvers();
  const setTokens = jest
    .fn(async (...args) => {
      await shelf.callbacks.setTokens(...args);
      rewritten();
    })
    .mockImplementationOnce(async (...args) => {
      begin();
      await held;
      return shelf.callbacks.setTokens(...args);
    });
  const here = client(server, { ...shelf.callbacks, setTokens, share, refreshTimeout: 1_000 });
  hire(server, share, { shelf });
  server.expire();
  const rotated = track(here.get('/api/orders'));
  await begun;
  const login = server.login('bob');
  crew[0].worker.postMessage({ login });
  await once(crew[0].worker, 'message');
  expect((await rotated).status).toBe(401);
  expect(shelf.held()).toEqual(login);

  release();
  await again;
  expect(shelf.held()).toEqual(login);
  expect(shelf.writes.map(({ tokens: { accessToken } }) => accessToken)).toEqual([
    login.accessToken,
    expect.not.stringContaining(login.accessToken),
    login.accessToken,
  ]);
  expect(await dismiss()).toEqual(Array(THREADS).fill(0));
});

test('the successor of the last client knows the tokens that were being stored when its thread ended', async () => {
  const server = await serve();
  const shelf = store('sync', server.login('ada'));
  const share = `workers successor ${server.port}`;
  const { promise: begun, resolve: begin } = withResolvers();
  jest.spyOn(shelf.callbacks, 'setTokens').mockImplementationOnce(() => {
    begin();
    return new Promise(() => {});
  });
  hire(server, share, { shelf });
  server.expire();
  crew[0].worker.postMessage({ requests: 1 });
  await begun;
  await Promise.all(crew.map(({ worker }) => worker.terminate()));
  // The request that waited for the rotation is sent again. With its answer, the last client is gone.
  await server.waitFor((ledger) => ledger.counts.apiRequests === 2);
  const stranger = client(server, { tokens: server.login('bob') });
  await track(stranger.get('/api/orders'));
  const { promise: stored, resolve: store_ } = withResolvers();
  const setTokens = async (...args) => store_(await shelf.callbacks.setTokens(...args));
  const here = client(server, { ...shelf.callbacks, setTokens, share });
  expect((await track(here.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  await stored;
  expect(shelf.held()).toEqual(await track(here.getTokens()));
  crew.splice(0).forEach(({ port }) => port.close());
});

test('the successor of the last client has the tokens that were kept in memory, and spends no seed', async () => {
  const server = await serve();
  const tokens = server.login('ada');
  const share = `workers heir ${server.port}`;
  hire(server, share, { tokens });
  server.expire();
  expect(await track(wave(1))).toEqual(Array(THREADS).fill(200));
  expect(await dismiss()).toEqual(Array(THREADS).fill(0));
  const stranger = client(server, { share: `${share} of another`, tokens: server.login('bob') });
  await track(stranger.get('/api/orders'));
  const here = client(server, { share, tokens });
  expect((await track(here.get('/api/orders'))).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});

test('clients of different names, or of none, share nothing', async () => {
  const server = await serve();
  const tokens = ['ada', 'bob', 'eve'].map((subject) => server.login(subject));
  const shares = [`workers a ${server.port}`, `workers b ${server.port}`, undefined];
  const apis = shares.map((share, at) => client(server, { share, tokens: tokens[at] }));
  await Promise.all(apis.map((api) => track(api.get('/api/orders'))));
  const subjects = server.ledger.requests.map(({ subject }) => subject).sort();
  expect(subjects).toEqual(['ada', 'bob', 'eve']);
});
