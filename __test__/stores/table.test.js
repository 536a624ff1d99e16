'use strict';

// What a store's functions may do wrong, by the table of docs/callbacks.md.

const { useHarness } = require('../support/harness.js');
const { THROWING, rejection, situation } = require('../callbacks/misbehaviours.js');
const { column } = require('../callbacks/table.js');
const { mapRegister } = require('./support/map-register.js');

const { serve, client, track } = useHarness();

/** A client whose token has expired at the server, and whose register misbehaves from now on, `times` times. */
async function misbehaving(misbehaviour, name, times) {
  const server = await serve();
  const { register, rows } = mapRegister({ watches: false });
  const calls = [];
  let current = register[name];
  const store = { ...register, [name]: (...args) => current(...args) };
  const api = client(server, { store, lease: 1_000, maxRetries: 0 });
  const get = () => track(api.get('/api/orders'));
  await track(api.setTokens(server.login('ada')));
  expect((await get()).status).toBe(200);
  server.expire();

  // What a good call would return, without a promise, as the register itself does.
  const good = (session, next, expected) => {
    const found = rows.get(session) ?? null;
    if (name === 'read') return found;
    const done = (found?.version ?? null) === expected;
    if (done) rows.set(session, next);
    return done;
  };
  const ends = [];
  let thrown;
  current = (...args) => {
    calls.push(args);
    if (calls.length > times) return register[name](...args);
    const made = situation(misbehaviour, { good: () => good(...args), call: get });
    ends.push(made.end);
    thrown = made.thrown;
    return made.act();
  };
  const heal = () => (current = register[name]);
  return { server, api, get, calls, heal, thrown: () => thrown, end: () => ends.forEach((end) => end()) };
}

async function served(get) {
  for (;;) {
    const answer = await get().catch((error) => error);
    if (!(answer instanceof Error)) return answer.status;
  }
}

const OUTCOMES = {
  async done(misbehaviour, name) {
    const { server, get } = await misbehaving(misbehaviour, name, Infinity);
    expect((await get()).status).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  },

  /** Nothing is stored, although this process knows better: the tokens are written back, and nobody is logged out. */
  async empty(misbehaviour, name) {
    const { server, get } = await misbehaving(misbehaviour, name, 1);
    expect(await served(get)).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  },

  async unavailable(misbehaviour, name) {
    const { server, get, heal, thrown, end } = await misbehaving(misbehaviour, name, Infinity);
    const error = await rejection(get());
    expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE', session: 'default' });
    if (THROWING.has(misbehaviour)) expect(Object.is(error.cause, thrown())).toBe(true);
    if (/^returns (a number|a string|`|a symbol)/.test(misbehaviour)) {
      expect(error.message).toContain(`store.${name}`);
      expect(error.cause).toBeInstanceOf(TypeError);
    }
    expect(server.ledger.counts.refreshes).toBe(0);
    heal();
    end();
    expect(await served(get)).toBe(200);
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
  },

  /** Once: the store is read, and all goes on. For ever: unavailable. */
  async undecided(misbehaviour, name) {
    const { server, get, end } = await misbehaving(misbehaviour, name, 1);
    expect(await served(get)).toBe(200);
    end();
    expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
    await OUTCOMES.unavailable(misbehaviour, name);
  },
};

describe.each(['read', 'compareAndSet'])('%s', (name) => {
  test.each(column(`\`${name}\``))('%s: %s', (misbehaviour, outcome) =>
    OUTCOMES[outcome](misbehaviour, name),
  );
});
