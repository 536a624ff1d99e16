'use strict';

// Streams that are not fresh. What is left of them must not pass for a whole body, least of all for an empty one.

const fs = require('node:fs');
const { Readable } = require('node:stream');
const { failure } = require('../requests/servers.js');
const { LATE, TRANSPORTS, closeServers, connect, rotating, serveAndKeep, wholeOf } = require('./support.js');
const { WATCHED } = require('./watched.js');

afterEach(closeServers);
jest.setTimeout(30_000);

const MAKERS = {
  async *generator() {
    yield 'abc';
  },
  'Node stream': () => Readable.from(['abc']),
  'web stream': () => new Blob(['abc']).stream(),
};

/** Only the first sending was taken for a whole body, and it was one. */
async function expectOne({ seen }) {
  expect((await wholeOf(seen)).map(({ bytes }) => String(bytes))).toEqual(['abc']);
}

/** Reads a web stream to its end, or one part of it, and unlocks it. */
async function read(stream, toTheEnd) {
  const reader = stream.getReader();
  while (!(await reader.read()).done && toTheEnd);
  reader.releaseLock();
  return stream;
}

async function readToTheEnd(stream) {
  for await (const chunk of stream) expect(chunk).toBe('abc');
  return stream;
}

function locked() {
  const stream = new ReadableStream();
  stream.getReader();
  return stream;
}

const NOT_FRESH = [
  ['a locked web stream', locked],
  ['a web stream that was read', () => read(new Blob(['abc']).stream(), true)],
  ['a web stream that was begun', () => read(new Blob(['abc', 'def']).stream(), false)],
  [
    'a web stream that was cancelled',
    () => {
      const stream = new Blob(['abc']).stream();
      return stream.cancel().then(() => stream);
    },
  ],
  ['a Node stream that was read', () => readToTheEnd(Readable.from(['abc']))],
  ['a Node stream that was destroyed', () => new Readable({ read() {} }).destroy()],
];

const thrower = () => {
  throw new Error('none left');
};

describe.each(TRANSPORTS)('%s', (transport) => {
  test.each(NOT_FRESH)('%s is refused, and nothing is sent', async (_name, make) => {
    const server = await serveAndKeep(transport);
    const stream = await make();
    for (const body of [stream, () => stream]) {
      const error = await failure(connect(server).put('/', body));
      expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(/^body/) });
    }
    expect(server.seen).toEqual([]);
  });

  test.each(Object.entries(MAKERS))('a %s is refused by a second request', async (_kind, make) => {
    const server = await serveAndKeep(transport);
    const client = connect(server);
    const stream = make();
    expect(await client.put('/', stream)).toMatchObject({ status: 200 });
    expect(await failure(client.put('/', stream))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
    await expectOne(server);
  });

  test.each(Object.entries(MAKERS))('two requests at once do not share a %s', async (_kind, make) => {
    const server = await serveAndKeep(transport);
    const client = connect(server);
    const stream = make();
    const codes = [client.put('/', stream), client.put('/', stream)].map((pending) =>
      pending.then(
        ({ status }) => status,
        ({ code }) => code,
      ),
    );
    const [served, refused] = (await Promise.all(codes)).sort();
    expect(served).toBe(200);
    expect(['ERR_INVALID_OPTION', 'ERR_BODY_FAILED']).toContain(refused);
    await expectOne(server);
  });

  describe.each(['Node stream', 'web stream'])('a %s is let go', (kind) => {
    test.each([
      ['an option', (client, body) => client.put('/', body, { timeout: -1 })],
      ['a header', (client, body) => client.put('/', body, { headers: { 'x-name': '\u20ac' } })],
      ['its method', (client, body) => client.request('/', { body })],
      ['its URL', (client, body) => client.put('http://[', body)],
    ])('by a request that is refused for %s', async (_why, send) => {
      const server = await serveAndKeep(transport);
      const { body, released } = WATCHED[kind]();
      expect(await failure(send(connect(server), body))).toMatchObject({ code: 'ERR_INVALID_OPTION' });
      await released;
      expect(server.seen).toEqual([]);
    });

    test('by a request that is made inside of refresh', async () => {
      const server = await serveAndKeep(transport);
      const { body, released } = WATCHED[kind]();
      let refused;
      const client = rotating(server, {
        refresh() {
          refused = failure(client.put('/', body));
          return { accessToken: 'second' };
        },
      });
      await client.rotate();
      expect(await refused).toMatchObject({ code: 'ERR_REENTRANT_CALL' });
      await released;
    });
  });

  // Unheard, an 'error' event ends the process.
  test('a Node stream of a refused request may fail', async () => {
    const client = connect(await serveAndKeep(transport));
    const body = fs.createReadStream('/does/not/exist');
    expect(await failure(client.put('/', body, { timeout: -1 }))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
    if (!body.closed) await new Promise((resolve) => body.on('close', resolve));
  });

  test('a stream that is being sent is left to its request by one that is refused', async () => {
    const server = await serveAndKeep(transport);
    const client = connect(server);
    let goOn;
    const sent = {};
    const begun = new Promise((resolve) => {
      const body = async function* () {
        yield 'a';
        resolve();
        await new Promise((go) => (goOn = go));
        yield 'bc';
      };
      sent.body = Readable.from(body());
    });
    sent.answer = client.put('/', sent.body);
    await begun;
    expect(await failure(client.put('/', sent.body, { timeout: -1 }))).toMatchObject({
      code: 'ERR_INVALID_OPTION',
    });
    goOn();
    expect(await sent.answer).toMatchObject({ status: 200 });
    await expectOne(server);
  });

  describe('a function', () => {
    test.each(Object.entries(MAKERS))(
      'that gives the same %s each time fails the sending after a rotation',
      async (_kind, make) => {
        const server = await serveAndKeep(transport, LATE);
        const stream = make();
        const error = await failure(rotating(server).put('/', () => stream));
        expect(error).toMatchObject({ code: 'ERR_BODY_FAILED', cause: { code: 'ERR_INVALID_OPTION' } });
        await expectOne(server);
      },
    );

    test.each([
      ['throws', thrower],
      ['rejects', async () => thrower()],
      ['gives text', () => 'text'],
      ['gives nothing', () => undefined],
      ['gives another function', () => () => Readable.from(['abc'])],
    ])('that %s after a rotation fails that sending', async (_name, second) => {
      const server = await serveAndKeep(transport, LATE);
      let calls = 0;
      const body = () => (++calls === 1 ? Readable.from(['abc']) : second());
      const error = await failure(rotating(server).put('/', body));
      expect(error).toMatchObject({
        code: 'ERR_BODY_FAILED',
        cause: { message: expect.stringMatching(/^(body must|none left)/) },
      });
      await expectOne(server);
      expect(calls).toBe(2);
    });

    test('that throws at first throws from the request, as it is', async () => {
      const server = await serveAndKeep(transport);
      const error = new Error('none at all');
      const body = () => {
        throw error;
      };
      expect(await failure(connect(server).put('/', body))).toBe(error);
      expect(server.seen).toEqual([]);
    });
  });
});
