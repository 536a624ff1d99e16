'use strict';

// Drops clients, and requests with nobody left who knows their client, and collects garbage. Wants --expose-gc.

const { authoriser } = require('../../../lib/external/authoriser.js');
const { code, connect, report, settings, told } = require('./program.js');
const { refreshAt } = require('../../support/refresh.js');

/** More rounds than any collection takes. */
const ROUNDS = 100;

async function collect(done = () => false) {
  for (let round = 0; round < ROUNDS && !done(); round += 1) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
}

/** Every callback refers to its own client, as a user's may. */
function selfReferring(options) {
  const refer = () => client;
  const hooks = { onBeforeRefresh: refer, onRefreshed: refer, onRefreshFailed: refer, logout: refer };
  const logger = { debug: refer, error: refer };
  const store = { getTokens: async () => client && settings.tokens, setTokens: async () => void client };
  const client = connect({ tokens: undefined, ...hooks, ...store, logger, ...options });
  return client;
}

const programs = {
  /** What callbacks throw when nobody waits for them any more. */
  async late() {
    let collected = 0;
    const outcomes = new Set();
    const registry = new FinalizationRegistry(() => (collected += 1));
    // A function of its own, as below.
    const fail = async () => {
      let reject;
      const getTokens = () => new Promise((_resolve, fails) => (reject = fails));
      const client = connect({ tokens: undefined, getTokens, setTokens() {}, refreshTimeout: 10 });
      outcomes.add(await client.get('/api/orders').catch(code));
      const error = new Error('late');
      registry.register(error);
      reject(error);
    };
    for (let index = 0; index < settings.failures; index += 1) await fail();
    await collect(() => collected === settings.failures);
    return { outcomes: [...outcomes], collected };
  },

  async dropped() {
    let collected = 0;
    const registry = new FinalizationRegistry(() => (collected += 1));
    // A function of its own: a variable here would keep the last one.
    const drop = async (used) => {
      const client = selfReferring();
      registry.register(client);
      if (used) await client.get('/api/orders');
    };
    for (let index = 0; index < settings.clients; index += 1) await drop(index % 50 === 0);
    await collect(() => collected === settings.clients);
    return { collected };
  },

  /** Sessions of a client that lives. Every second one is held by nothing but what asks for its token. */
  async droppedSessions() {
    const client = connect();
    const leases = new Map();
    const take = async (name, isHeld) => {
      const session = client.session(name);
      await session.setTokens({ accessToken: name });
      if (isHeld) leases.set(name, authoriser(session));
    };
    for (let index = 0; index < settings.sessions; index += 1) await take(`first-${index}`, index % 2 === 0);
    await collect(() => client.stats().sessions === 1 + leases.size);
    const { sessions } = client.stats();
    // These take the numbers that have become free.
    for (let index = 0; index < settings.sessions; index += 1) await take(`second-${index}`, true);
    let own = 0;
    for (const [name, lease] of leases) own += (await lease.authorise()).value === `Bearer ${name}` ? 1 : 0;
    return { sessions, leases: leases.size, own };
  },

  /** Sessions that nothing holds between their requests, whose refresh fails. How often the token endpoint was asked. */
  async droppedRestraint() {
    let refreshes = 0;
    let logouts = 0;
    const refresh = async () => {
      refreshes += 1;
      throw Object.assign(new Error('refused'), { status: settings.status, retryAfter: 3_600_000 });
    };
    const stored = { accessToken: 'old', refreshToken: 'r', expiresAt: 1 };
    const callbacks = { getTokens: () => stored, setTokens() {}, logout: () => (logouts += 1) };
    const client = connect({ tokens: undefined, refresh, maxRetries: 0, ...callbacks });
    const outcomes = new Set();
    const ask = async (name) => outcomes.add(await client.session(name).get('/api/orders').catch(code));
    for (let round = 0; round < settings.rounds; round += 1) {
      for (const name of ['a', 'b', 'c']) await ask(name);
      await collect(() => client.stats().sessions === 1);
    }
    return { sessions: client.stats().sessions, refreshes, logouts, outcomes: [...outcomes] };
  },

  /** Clients that are dropped with a call for a token, before Rust has called `refresh`. */
  async asked() {
    const tokens = { accessToken: 'old', refreshToken: 'r', expiresAt: 1 };
    const refresh = async () => ({ accessToken: 'new' });
    const outcomes = new Set();
    for (let index = 0; index < settings.clients; index += 1) {
      const asked = connect({ tokens, refresh }).getAccessToken();
      // V8 keeps what a job has referred to weakly until that job ends. No call of Rust is delivered between ticks.
      for (let tick = 0; tick < 2; tick += 1) await new Promise(process.nextTick);
      globalThis.gc();
      outcomes.add(await asked.catch(code));
    }
    return { outcomes: [...outcomes] };
  },

  /** The server holds the refresh; meanwhile only the program's wish to know the answer is left. */
  async pending() {
    let entered;
    const inRefresh = new Promise((resolve) => (entered = resolve));
    const exchange = refreshAt(settings.tokenEndpoint);
    const refresh = (token, context) => {
      entered();
      return exchange(token, context);
    };
    const statuses = Array.from({ length: 20 }, () => {
      const client = selfReferring({ share: 'pending', refresh });
      return client.get('/api/orders').then((answer) => answer.status);
    });
    await Promise.all([inRefresh, told()]);
    await collect();
    process.send('collected');
    return { statuses: [...new Set(await Promise.all(statuses))] };
  },

  /** A rotation that goes on behind an answer, of a client nobody knows any more. */
  async behind() {
    let stored = 'never';
    (() => {
      const client = selfReferring({
        refreshAhead: 60_000,
        setTokens: async ({ refreshToken }) => {
          stored = refreshToken !== settings.tokens.refreshToken;
        },
      });
      client.get('/api/orders');
    })();
    await told();
    await collect();
    process.send('collected');
    // Between its steps as well, where nothing of it is on any stack.
    await collect(() => stored !== 'never');
    return { stored };
  },
};

programs[settings.does]().then(report);
