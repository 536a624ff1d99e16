'use strict';

// Ten thousand POSTs to a server whose connections are reset in every phase of a request, and whose tokens run out all the
// time. Its books say what was applied, and each caller says what it was told: the two must not contradict each other.

const { contentOf, serveLedger } = require('./ledger-server.js');
const { TRANSPORTS, closeServers, connect } = require('./support.js');

afterEach(closeServers);
jest.setTimeout(120_000);

const POSTS = 10_000;
const AT_ONCE = 64;
const HOSTILE = { seed: 7, share: 0.05, lifetime: 400 };

async function* generated(text) {
  const middle = text.length >> 1;
  yield text.slice(0, middle);
  await new Promise(setImmediate);
  yield text.slice(middle);
}

const REPLAYABLE = [
  (text) => text,
  (text) => Buffer.from(text),
  (text) => new Blob([text]),
  (text) => () => generated(text),
];

/** Posts each id once, as one of `kinds`, and gives what its caller was told: { status, text, replayError } or { error }. */
async function postAll(client, kinds, optionsOf = () => {}) {
  const told = [];
  let next = 0;
  const caller = async () => {
    while (next < POSTS) {
      const id = next++;
      const body = kinds[id % kinds.length](contentOf(id));
      try {
        const response = await client.post('/', body, { headers: { 'x-request-id': id }, ...optionsOf(id) });
        const { status, replayError } = response;
        told[id] = { status, replayError, text: await response.text() };
      } catch (error) {
        told[id] = { error };
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return told;
}

/** The lots were cast as they should be: otherwise nothing is proved. */
function expectHostile(books) {
  for (const hits of Object.values(books.fates)) expect(hits).toBeGreaterThan(POSTS / 200);
  expect(books.rotations).toBeGreaterThan(POSTS / 500);
  expect(books.refused).toBeGreaterThanOrEqual(books.rotations);
  expect(books.reuses).toBe(0);
}

describe.each(TRANSPORTS)('%s', (transport) => {
  test('none is applied twice, and what a caller was told is so', async () => {
    const server = await serveLedger(transport, HOSTILE);
    const client = connect(server);
    const told = await postAll(client, [...REPLAYABLE, generated]);
    const { applied, wrong } = server.books;
    const times = (id) => applied.get(id) ?? 0;
    const ids = [...told.keys()];

    expect(told).toHaveLength(POSTS);
    expect(wrong).toEqual([]);
    expect(ids.filter((id) => times(id) > 1)).toEqual([]);

    const succeeded = ids.filter((id) => told[id].status === 200);
    expect(succeeded.filter((id) => times(id) !== 1 || told[id].text !== `applied ${id}`)).toEqual([]);

    // A stream that was used up when its token was refused: not applied, and its caller knows.
    const refused = ids.filter((id) => told[id].status === 401);
    expect(refused.filter((id) => times(id) !== 0)).toEqual([]);
    expect(new Set(refused.map((id) => told[id].replayError?.code))).toEqual(
      new Set(['ERR_BODY_NOT_REPLAYABLE']),
    );

    // Whoever failed was told that nobody knows.
    const failed = ids.filter((id) => told[id].error !== undefined);
    const said = failed.map((id) => `${told[id].error.code} ${told[id].error.cause?.code}`);
    expect(
      said.filter((text) => !/^ERR_NETWORK (ECONNRESET|EPIPE|ERR_HTTP2_STREAM_ERROR)$/.test(text)),
    ).toEqual([]);

    expect(succeeded.length + refused.length + failed.length).toBe(POSTS);
    expect(succeeded.length).toBeGreaterThan(0.8 * POSTS);
    expectHostile(server.books);
    expect(client.stats()).toMatchObject({ retries: 0, rotations: server.books.rotations });
  });

  test('with a key, on a server that knows it again, each is applied once, and all succeed', async () => {
    const server = await serveLedger(transport, { ...HOSTILE, deduplicate: true });
    const client = connect(server, { retry: { limit: 20, maxDelay: 0 } });
    const told = await postAll(client, REPLAYABLE, (id) => ({ idempotencyKey: `post-${id}` }));
    const { applied, wrong } = server.books;
    const ids = [...told.keys()];

    expect(wrong).toEqual([]);
    expect(ids.filter((id) => told[id].text !== `applied ${id}`)).toEqual([]);
    expect(ids.filter((id) => applied.get(id) !== 1)).toEqual([]);
    expect(applied.size).toBe(POSTS);
    expectHostile(server.books);
    expect(client.stats().retries).toBeGreaterThan(POSTS / 50);
  });
});
