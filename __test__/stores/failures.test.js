'use strict';

// A register of the user's that fails: a typed error with its cause, no refresh that could not be saved, and nothing lost.

const { useHarness } = require('../support/harness.js');
const { withResolvers } = require('../callbacks/misbehaviours.js');
const { mapRegister } = require('./support/map-register.js');

const { serve, client, track } = useHarness();

const thrown = new Error('thrown by a register');

/** A client whose register does what a test says, and as it should where the test says nothing. */
async function failing({ watches = false, ...options } = {}) {
  const server = await serve();
  const good = mapRegister({ watches });
  const behave = { read: undefined, compareAndSet: undefined };
  const store = { ...good.register };
  for (const name of ['read', 'compareAndSet'])
    store[name] = (...args) => (behave[name] ?? good.register[name])(...args);
  const api = client(server, { store, lease: 1_000, ...options });
  await track(api.setTokens(server.login('ada')));
  return { server, api, behave, rows: good.rows, get: () => track(api.get('/api/orders')) };
}

const FAILURES = [
  [
    'throws',
    () => {
      throw thrown;
    },
    /^the store could not be/,
    thrown,
  ],
  ['rejects', () => Promise.reject(thrown), /^the store could not be/, thrown],
  ['never settles', () => new Promise(() => {}), /in time/, undefined],
];
const WRONG = {
  read: [
    [
      'gives a string',
      async () => 'text',
      /store\.read must resolve to \{ record, version \} or null, and gave a string/,
    ],
    [
      'gives a Buffer',
      async () => ({ record: Buffer.from('x'), version: '0'.repeat(32) }),
      /record of what store\.read gave .* is a Buffer/,
    ],
    [
      'gives a version of its own',
      async () => ({ record: '{}', version: '7' }),
      /version of what store\.read gave .* another text/,
    ],
  ],
  compareAndSet: [
    [
      'gives nothing',
      async () => undefined,
      /store\.compareAndSet must resolve to true or false, and gave undefined/,
    ],
    [
      'gives a number',
      async () => 0,
      /store\.compareAndSet must resolve to true or false, and gave a number/,
    ],
  ],
};

describe.each(['read', 'compareAndSet'])('%s', (name) => {
  const wrong = WRONG[name].map(([how, act, message]) => [
    how,
    act,
    message,
    expect.objectContaining({ name: 'TypeError' }),
  ]);
  test.each([...FAILURES, ...wrong])(
    '%s: a typed error, and the next request is served',
    async (_how, act, message, cause) => {
      const { server, behave, get } = await failing();
      server.expire();
      behave[name] = act;
      const refused = await get().catch((error) => error);
      expect(refused).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE', retryable: true });
      expect(refused.message).toMatch(message);
      expect(refused.cause).toEqual(cause);
      if (cause === thrown) expect(refused.cause).toBe(thrown);
      expect(server.ledger.counts.refreshes).toBe(0);
      behave[name] = undefined;
      expect((await untilServed(get)).status).toBe(200);
      expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
    },
  );

  test('fails: a token that is valid is served all the same', async () => {
    const { behave, get } = await failing();
    behave.read = () => Promise.reject(thrown);
    behave.compareAndSet = () => Promise.reject(thrown);
    for (let n = 0; n < 5; n += 1) expect((await get()).status).toBe(200);
  });
});

/** After a failure the session pauses for a moment. */
async function untilServed(get) {
  for (;;) {
    const answer = await get().catch((error) => error);
    if (!(answer instanceof Error)) return answer;
  }
}

test('a commit that fails: the tokens serve from memory, and are stored when the register takes them', async () => {
  const failures = [];
  const { promise: told, resolve } = withResolvers();
  const onPersistFailed = (error) => resolve(failures.push(error));
  const { server, api, behave, rows, get } = await failing({ onPersistFailed });
  server.expire();
  const good = rows.get('default').version;
  let writes = 0;
  // The claim is taken, and no write after it.
  behave.compareAndSet = async (session, next, expected) => {
    writes += 1;
    if (writes > 1) throw thrown;
    expect(expected).toBe(good);
    rows.set(session, { ...next });
    return true;
  };
  expect((await get()).status).toBe(200);
  await told;
  expect(failures[0]).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_UNAVAILABLE' });
  const { accessToken } = await track(api.getTokens());
  expect(rows.get('default').record).not.toContain(accessToken);
  behave.compareAndSet = undefined;
  while (!rows.get('default').record.includes(accessToken)) await new Promise(setImmediate);
  expect((await get()).status).toBe(200);
  expect(server.ledger.counts).toMatchObject({ refreshes: 1, reuses: 0 });
});
