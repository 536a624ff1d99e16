'use strict';

// What every test of the client stands on: authorization servers, clients wired to them, stores that take their time,
// and the invariants that hold after EVERY test, whatever it did.
//
//   const { serve, client, store, track } = useHarness();   // at the top of a test file: it registers the afterEach
//
//   const server = await serve({ reuse: 'strict' });        // testing.startAuthServer; closed after the test
//   const shelf = store('0-50 ms', server.login('ada'));    // latencies: 'sync', '0-2 ms', '0-50 ms'; or store('sync', null)
//   const api = client(server, { ...shelf.callbacks });     // a TokenClient: baseURL, refresh by fetch, a collected logger
//   const response = await track(api.get('/api/orders'));   // anything a test starts goes through track
//
// After every test, with every hang released and every client closed:
//   - each server counts 0 reuses and 0 lost sessions, unless the test says otherwise: `allow({ reuses: 1 })`;
//   - each tracked promise has settled;
//   - no part of any token is in what was collected: log lines, warnings, rejections of tracked promises, `collect(x)`.
//     Tokens of these servers are known by themselves; name others with `secret(token)`.
//   - unhandled rejections fail the test by jest's own rule; the afterEach takes the turns in which they would come.
//
// Nothing here waits for time to pass but the stores, and no test may depend on how long they take.

const { inspect } = require('node:util');
const { TokenClient } = require('../../index.js');
const { startAuthServer } = require('../../lib/testing.js');
const { makeStore } = require('./store.js');
const { refreshAt } = require('./refresh.js');

function useHarness() {
  let world;
  // Not how long anything may take: when a test that hangs is given up, on however busy a machine.
  jest.setTimeout(30_000);

  beforeEach(() => {
    world = newWorld();
  });

  afterEach(async () => {
    const ended = world;
    for (const fault of ended.faults) fault.cancel();
    for (const server of ended.servers) server.release();
    await Promise.all(ended.clients.map((client) => client.close()));
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    await Promise.all(ended.servers.map((server) => server.close()));
    ended.warnings.mockRestore();
    check(ended);
  });

  return {
    /** A server whose tokens are known as secrets. */
    async serve(options) {
      const server = await startAuthServer(options);
      world.servers.push(server);
      const { login, fault } = server;
      const of = world;
      server.login = (subject) => remember(of, login.call(server, subject));
      server.fault = (wanted) => {
        const handle = fault.call(server, wanted);
        of.faults.push(handle);
        return handle;
      };
      return server;
    },

    /** A client of `server`. `options` are TokenClient's own and win over what is wired. */
    client(server, options = {}) {
      const { servers, clients, collected } = world;
      if (!servers.includes(server)) throw new Error('client() wants a server that serve() gave');
      const of = world;
      const refresh = refreshAt(server.tokenEndpoint, (answer) => remember(of, answer));
      const logger = {
        debug: (message) => collected.push(message),
        error: (message, error) => collected.push(message, error),
      };
      const made = new TokenClient({ baseURL: server.url, refresh, logger, ...options });
      clients.push(made);
      return made;
    },

    store: makeStore,

    /** The same promise, which must settle before the test is over; what it rejects with is collected. */
    track(promise) {
      const entry = { settled: false };
      const { tracked, collected } = world;
      tracked.push(entry);
      promise.then(
        () => (entry.settled = true),
        (error) => {
          entry.settled = true;
          collected.push(error);
        },
      );
      return promise;
    },

    /** Adds to what must hold no token. */
    collect(value) {
      world.collected.push(value);
      return value;
    },

    /** Adds a token that no server here issued. */
    secret(token) {
      world.secrets.add(token);
      return token;
    },

    /** What this test expects of its servers, instead of nothing: `{ reuses, lost }`. */
    allow(expected) {
      Object.assign(world.allowed, expected);
    },
  };
}

function newWorld() {
  const collected = [];
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation((...warning) => {
    collected.push(warning);
  });
  const allowed = { reuses: 0, lost: 0 };
  return {
    servers: [],
    faults: [],
    clients: [],
    tracked: [],
    collected,
    warnings,
    secrets: new Set(),
    allowed,
  };
}

function remember(world, tokens) {
  const { accessToken, refreshToken, access_token, refresh_token } = tokens;
  for (const token of [accessToken, refreshToken, access_token, refresh_token]) {
    if (typeof token === 'string') world.secrets.add(token);
  }
  return tokens;
}

function check({ servers, tracked, collected, secrets, allowed }) {
  for (const { ledger } of servers) {
    expect({ reuses: ledger.counts.reuses, lost: ledger.lost.length }).toEqual(allowed);
  }
  expect(tracked.filter(({ settled }) => !settled)).toEqual([]);
  const text = [...new Set(collected)].map(everything).join('\n');
  const leaked = [...secrets].filter((token) => parts(token).some((part) => text.includes(part)));
  // Counted rather than shown: a failure of this test must not print them either.
  expect(leaked.length).toBe(0);
}

/** Whatever a logger could make of a value. */
function everything(value) {
  const texts = [inspect(value, { depth: 8, showHidden: true }), String(value)];
  if (value instanceof Error) texts.push(String(value.stack), JSON.stringify(value));
  return texts.join('\n');
}

/** A cut token is leaked as well: any twelve characters in a row hold one of these. */
function parts(token) {
  const found = [];
  for (let at = 0; at + 7 <= token.length; at += 6) found.push(token.slice(at, at + 7));
  return found.length > 0 ? found : [token];
}

module.exports = { useHarness };
