'use strict';

// Streams that fail while they are sent, or that cannot be sent as they are: the caller hears why, and the server never
// takes what it has got for the whole.

const { Readable } = require('node:stream');
const { failure } = require('../requests/servers.js');
const {
  KIB,
  TRANSPORTS,
  closeServers,
  connect,
  rotating,
  serve,
  serveAndKeep,
  wholeOf,
} = require('./support.js');

afterEach(closeServers);
jest.setTimeout(30_000);

const BLOCK = Buffer.alloc(64 * KIB, 1);

async function* failing(error, parts) {
  for (let part = 0; part < parts; part += 1) {
    await new Promise(setImmediate);
    yield BLOCK;
  }
  throw error;
}

const webFailing = (error, parts) =>
  new ReadableStream({
    pull(controller) {
      if (parts-- > 0) controller.enqueue(BLOCK);
      else controller.error(error);
    },
  });

const iterable = (next) => ({ [Symbol.asyncIterator]: () => ({ next }) });

/** `make(error, parts)`: a stream that gives so many parts before it fails with `error`. */
const FAILING = {
  'a generator that throws': failing,
  'an iterable that rejects': (error, parts) =>
    iterable(async () => {
      if (parts-- > 0) return { done: false, value: BLOCK };
      throw error;
    }),
  'an iterable that throws': (error, parts) =>
    iterable(() => {
      if (parts-- > 0) return { done: false, value: BLOCK };
      throw error;
    }),
  'a Node stream that is destroyed': (error, parts) =>
    new Readable({
      read() {
        if (parts-- > 0) this.push(BLOCK);
        else this.destroy(error);
      },
    }),
  'a web stream in error': webFailing,
  'a function of a failing stream': (error, parts) => () => webFailing(error, parts),
};

const ERRORS = [
  ['an error', Object.assign(new Error('the disk is gone'), { code: 'EIO' })],
  ['an error that looks like one of the network', Object.assign(new Error('x'), { code: 'ECONNRESET' })],
  ['no error', { why: 'because' }],
];

describe.each(TRANSPORTS)('%s', (transport) => {
  describe.each(Object.entries(FAILING))('%s', (_kind, make) => {
    test.each(ERRORS)('fails its request with %s as cause, and is not sent again', async (_name, cause) => {
      const server = await serveAndKeep(transport);
      const client = connect(server);
      for (const parts of [0, 1, 40]) {
        server.seen.length = 0;
        const error = await failure(client.put('/failing', make(cause, parts)));
        expect(error).toMatchObject({ name: 'TokenRotatorError', code: 'ERR_BODY_FAILED' });
        expect(error.cause).toBe(cause);
        // What had begun has ended, and not as whole ones do; its connection serves nobody else.
        await client.put('/next', 'next');
        await wholeOf(server.seen);
        const [next, ...failed] = [...server.seen].reverse();
        expect(next).toMatchObject({ url: '/next', complete: true });
        expect(failed.filter(({ complete }) => complete)).toEqual([]);
        expect(failed.length).toBeLessThanOrEqual(1);
        if (transport === 'http/1.1')
          expect(failed.map((it) => it.connection)).not.toContain(next.connection);
      }
      expect(client.stats()).toMatchObject({ retries: 0, replays: 0 });
    });
  });

  test('what is thrown may be nothing at all', async () => {
    const server = await serveAndKeep(transport);
    for (const make of [failing, webFailing]) {
      const error = await failure(connect(server).put('/', make(undefined, 1)));
      expect([error.code, error.cause]).toEqual(['ERR_BODY_FAILED', undefined]);
    }
  });

  test.each([
    ['a number', async () => ({ done: false, value: 7 })],
    ['null', async () => ({ done: false, value: null })],
    ['an object', async () => ({ done: false, value: { secret: 's3cr3t' } })],
    ['an array', async () => ({ done: false, value: ['s3cr3t'] })],
    ['no result', async () => undefined],
    ['bytes that were transferred away', async () => ({ done: false, value: transferred() })],
  ])('a stream that gives %s fails its request, and shows nothing of it', async (_name, next) => {
    const server = await serveAndKeep(transport);
    const error = await failure(connect(server).put('/', iterable(next)));
    expect(error).toMatchObject({ code: 'ERR_BODY_FAILED', cause: { message: expect.any(String) } });
    expect(`${error.message} ${error.cause.message}`).not.toContain('s3cr3t');
    expect(await wholeOf(server.seen)).toEqual([]);
  });

  test.each([
    ['in one piece', (response) => response.text()],
    ['as a stream', (response) => response.body.getReader().read()],
  ])('a failure while the answer is already read, %s, is what its reader gets', async (_name, read) => {
    const cause = new Error('late');
    let fail;
    const server = await serve(transport, (request, response) => {
      request.resume();
      response.writeHead(200).flushHeaders();
    });
    const body = (async function* () {
      yield 'a';
      await new Promise((resolve) => (fail = resolve));
      throw cause;
    })();
    const pending = failure(read(await connect(server).put('/', body)));
    fail();
    const error = await pending;
    expect(error).toMatchObject({ code: 'ERR_BODY_FAILED' });
    expect(error.cause).toBe(cause);
  });

  describe('before it is opened', () => {
    /** A request whose body waits for a refresh, which ends when `refreshed` is called. */
    function waiting(server, body) {
      let entered;
      let refreshed;
      const inRefresh = new Promise((resolve) => (entered = resolve));
      const client = rotating(server, {
        tokens: { accessToken: 'first', refreshToken: 'r', expiresAt: 1 },
        refresh() {
          entered();
          return new Promise((resolve) => (refreshed = () => resolve({ accessToken: 'second' })));
        },
      });
      const pending = failure(client.put('/', body));
      return { inRefresh, pending, refreshed: () => refreshed() };
    }

    // Unheard, an 'error' event ends the process.
    test('a Node stream that fails takes nothing down but its request', async () => {
      const server = await serveAndKeep(transport);
      const cause = new Error('early');
      const body = new Readable({ read() {} });
      const { inRefresh, pending, refreshed } = waiting(server, body);
      await inRefresh;
      body.destroy(cause);
      await new Promise((resolve) => body.once('close', resolve));
      refreshed();
      expect(await pending).toMatchObject({ code: 'ERR_BODY_FAILED', cause });
      expect(await wholeOf(server.seen)).toEqual([]);
    });

    test('a web stream that fails does, too', async () => {
      const server = await serveAndKeep(transport);
      const cause = new Error('early');
      let control;
      const body = new ReadableStream({ start: (controller) => void (control = controller) });
      const { inRefresh, pending, refreshed } = waiting(server, body);
      await inRefresh;
      control.error(cause);
      refreshed();
      expect(await pending).toMatchObject({ code: 'ERR_BODY_FAILED', cause });
      expect(await wholeOf(server.seen)).toEqual([]);
    });
  });
});

function transferred() {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}
