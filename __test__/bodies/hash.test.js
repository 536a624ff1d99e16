'use strict';

// What is sent is what arrives, byte for byte, whatever it was made of and however often it had to be sent. Judged by the
// server, which sees each sending.

const { FACTORIES, STREAMS, WHOLE, removeFiles } = require('./kinds.js');
const {
  EARLY,
  LATE,
  MIB,
  SIZES,
  TRANSPORTS,
  closeServers,
  connect,
  rotating,
  serveAndKeep,
  sha256,
  wholeOf,
} = require('./support.js');

afterEach(closeServers);
afterAll(removeFiles);
jest.setTimeout(60_000);

/** No sending was taken for a whole body that is none: not even one that was refused. */
async function expectWhole(seen, hash) {
  expect((await wholeOf(seen)).filter(({ bytes }) => sha256(bytes) !== hash)).toEqual([]);
}

describe.each(TRANSPORTS)('%s', (transport) => {
  describe.each(Object.entries({ ...WHOLE, ...STREAMS, ...FACTORIES }))('%s', (_name, kind) => {
    test('arrives', async () => {
      const server = await serveAndKeep(transport);
      const client = connect(server);
      for (const size of SIZES) {
        const content = kind.content(size);
        const hash = sha256(kind.sent(content));
        const response = await client.post('/', await kind.make(content));
        expect([size, await response.text()]).toEqual([size, hash]);
      }
      expect(server.seen).toHaveLength(SIZES.length);
    });
  });

  describe.each(Object.entries({ ...WHOLE, ...FACTORIES }))('%s', (_name, kind) => {
    test.each([EARLY, LATE])('arrives again where the server refuses the token %s', async (refusal) => {
      const server = await serveAndKeep(transport, refusal);
      for (const size of SIZES) {
        const content = kind.content(size);
        const hash = sha256(kind.sent(content));
        const client = rotating(server);
        server.seen.length = 0;
        const response = await client.put('/', await kind.make(content));
        expect([size, await response.text()]).toEqual([size, hash]);
        expect(response).toMatchObject({ status: 200, attempts: 2, replays: 1, replayError: undefined });
        expect(server.seen.map(({ refused }) => refused)).toEqual([true, false]);
        await expectWhole(server.seen, hash);
      }
    });
  });

  describe.each(Object.entries(STREAMS))('%s', (_name, kind) => {
    test.each([EARLY, LATE])('is sent once where the server refuses the token %s', async (refusal) => {
      const server = await serveAndKeep(transport, refusal);
      for (const size of SIZES) {
        const content = kind.content(size);
        const hash = sha256(kind.sent(content));
        const client = rotating(server);
        server.seen.length = 0;
        const response = await client.put('/once', await kind.make(content));
        expect(response).toMatchObject({ status: 401, attempts: 1, replays: 0 });
        expect(response.replayError).toMatchObject({
          name: 'TokenRotatorError',
          code: 'ERR_BODY_NOT_REPLAYABLE',
        });
        expect(client.stats()).toMatchObject({ rotations: 1, replays: 0, retries: 0 });
        // The next one has the new token, and a stream arrives with it.
        const next = await client.put('/next', await kind.make(content));
        expect(await next.text()).toBe(hash);
        expect(server.seen.map(({ url }) => url)).toEqual(['/once', '/next']);
        await expectWhole(server.seen, hash);
      }
    });
  });

  test.each([
    ['Buffer', WHOLE.Buffer],
    ['Blob of a file', WHOLE['Blob of a file']],
    ...['byte stream', 'Node stream', 'generator of bytes'].map((name) => {
      return [`function of ${name}`, FACTORIES[`function of ${name}`]];
    }),
  ])('64 MiB, twice: %s', async (_name, kind) => {
    const server = await serveAndKeep(transport, LATE);
    const content = kind.content(64 * MIB);
    const hash = sha256(content);
    const response = await rotating(server).post('/', await kind.make(content));
    expect(await response.text()).toBe(hash);
    expect(server.seen.map(({ complete, bytes: { length } }) => [complete, length])).toEqual([
      [true, 64 * MIB],
      [true, 64 * MIB],
    ]);
    await expectWhole(server.seen, hash);
  });

  test('one that is here as a whole has a length, one that is a stream has none', async () => {
    const server = await serveAndKeep(transport);
    const client = connect(server);
    for (const { make, content } of [...Object.values(WHOLE), ...Object.values(STREAMS)]) {
      await client.post('/', await make(content(1000)));
    }
    const whole = Object.keys(WHOLE).length;
    const lengths = server.seen.map(({ headers, bytes }) => [
      headers['content-length'],
      String(bytes.length),
    ]);
    for (const [said, sent] of lengths.slice(0, whole)) expect(said).toBe(sent);
    for (const [said] of lengths.slice(whole)) expect(said).toBeUndefined();
  });
});
