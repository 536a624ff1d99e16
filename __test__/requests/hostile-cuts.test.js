'use strict';

// Connections that end, stall or answer when they should not.

const zlib = require('node:zlib');
const { closeServers } = require('./servers.js');
const {
  CUT,
  MIB,
  attempt,
  either,
  expectKind,
  expectNextAnswer,
  freed,
  hostileClient,
  outcome,
  serveHostile,
} = require('./hostile.js');

afterEach(closeServers);
jest.setTimeout(60_000);

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const GZIP = zlib.gzipSync('ok'.repeat(1000)).toString('latin1');
const GZIPPED = `${OK}content-encoding: gzip\r\ncontent-length: ${GZIP.length}\r\n\r\n${GZIP}`;

describe('a connection that is lost', () => {
  const PHASES = [
    ['before the head', ''],
    ['in the status line', 'HTTP/1.1 20'],
    ['in a header', `${OK}content-le`],
    ['before the end of the head', `${OK}content-length: 5\r\n`],
    ['after 1xx', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['before the body', `${OK}content-length: 5\r\n\r\n`],
    ['in the body', `${OK}content-length: 5\r\n\r\nok`],
    ['in a body of a megabyte', `${OK}content-length: ${2 * MIB}\r\n\r\n${'a'.repeat(MIB)}`],
    ['in a chunk size', `${CHUNKED}1`],
    ['in a chunk', `${CHUNKED}5\r\nok`],
    ['between chunks', `${CHUNKED}2\r\nok\r\n`],
    ['in the last chunk', `${CHUNKED}2\r\nok\r\n0\r\n`],
    ['in a gzip body', GZIPPED.slice(0, -10)],
  ];
  const WAYS = [
    ['closed', (socket, bytes) => socket.end(bytes, 'latin1')],
    // The callback is called when the system has the bytes, and on this machine the other side has them then.
    ['reset', (socket, bytes) => socket.write(bytes, 'latin1', () => socket.resetAndDestroy())],
  ];

  describe.each(WAYS)('is %s', (_way, lose) => {
    test.each(PHASES)('%s', async (_phase, bytes) => {
      const server = await serveHostile((socket) => lose(socket, bytes));
      const client = hostileClient(server, { connections: 1, maxResponseSize: 4 * MIB });
      expectKind(await attempt(client), CUT);
      await freed(server);
      await expectNextAnswer(client, server);
    });

    test('after the whole answer', async () => {
      const server = await serveHostile((socket) => lose(socket, `${OK}content-length: 2\r\n\r\nok`));
      const client = hostileClient(server, { connections: 1 });
      expectKind(await attempt(client), either('200 ok', CUT));
      await freed(server);
      await expectNextAnswer(client, server);
    });
  });

  test('is reset before the request', async () => {
    const server = await serveHostile((socket) => socket.write(`${OK}content-length: 2\r\n\r\nok`));
    server.server.once('connection', (socket) => socket.resetAndDestroy());
    const client = hostileClient(server, { connections: 1 });
    expectKind(await attempt(client), CUT);
    await expectNextAnswer(client, server);
  });

  test('is reset while it is kept, and nobody notices', async () => {
    const server = await serveHostile((socket) => socket.write(`${OK}content-length: 2\r\n\r\nok`));
    const client = hostileClient(server, { connections: 1 });
    for (let round = 0; round < 20; round++) {
      expectKind(await attempt(client), '200 ok');
      const { socket } = server.connections.at(-1);
      socket.resetAndDestroy();
      await freed({ connections: [{ socket }] });
    }
    await expectNextAnswer(client, server);
  });
});

describe('an answer that dribbles is cut off by the timeout', () => {
  /** Long enough to get to the phase in question on a busy machine. */
  const TIMEOUT = 1000;
  /** Sends `head`, and then `drop` again and again, always well before the time is over. */
  const serveDribble = (head, drop) =>
    serveHostile((socket) => {
      socket.write(head);
      const dribbling = setInterval(() => socket.write(drop), TIMEOUT / 100);
      socket.on('close', () => clearInterval(dribbling));
    });

  test.each([
    ['head', '', '\r\n', 'response'],
    ['header', `${OK}x-a: `, 'a', 'response'],
    ['headers', OK, 'x-a: 1\r\n', 'response'],
    ['1xx', '', 'HTTP/1.1 102 Processing\r\n\r\n', 'response'],
    ['body', `${OK}content-length: ${MIB / 8}\r\n\r\n`, 'a', 'body'],
    ['chunks', CHUNKED, '1\r\na\r\n', 'body'],
    ['chunk extension', `${CHUNKED}1;`, 'a', 'body'],
    ['trailers', `${CHUNKED}0\r\n`, 'x-a: 1\r\n', 'body'],
    ['body to the end', `${OK}\r\n`, 'a', 'body'],
    ['gzip', `${OK}content-encoding: gzip\r\n\r\n`, zlib.gzipSync(''), 'body'],
  ])('%s', async (_name, head, drop, phase) => {
    const server = await serveDribble(head, drop);
    const client = hostileClient(server, { timeout: TIMEOUT, connections: 1 });
    expectKind(await attempt(client), `TimeoutError ERR_TIMEOUT ${phase}`);
    await freed(server);
    await expectNextAnswer(client, server);
  });
});

describe('an answer before the request is there', () => {
  const BODY = 'b'.repeat(MIB);
  const answer = (connection) =>
    `HTTP/1.1 413 Content Too Large\r\nconnection: ${connection}\r\ncontent-length: 2\r\n\r\nno`;
  const STRAY = `${OK}content-length: 5\r\n\r\nstray`;
  const REFUSED = '413 no';

  test.each([
    ['and the rest of the request is read', (socket) => socket.write(answer('keep-alive')), REFUSED],
    ['and the connection is closed, gently', (socket) => socket.end(answer('close')), REFUSED],
    ['and the connection is closed, gently, unsaid', (socket) => socket.end(answer('keep-alive')), REFUSED],
    [
      'and the connection is closed unread',
      (socket) => socket.write(answer('close'), () => socket.destroy()),
      either(REFUSED, CUT),
    ],
    [
      'and the connection is reset',
      (socket) => socket.write(answer('close'), () => socket.resetAndDestroy()),
      either(REFUSED, CUT),
    ],
    ['and nothing more is read', (socket) => socket.pause().write(answer('close')), REFUSED],
    ['and another one with it', (socket) => socket.write(`${answer('keep-alive')}${STRAY}`), REFUSED],
    ['in two pieces around the request', (socket) => inTwo(socket, answer('keep-alive')), REFUSED],
    ['cut in its head', (socket) => socket.end(answer('close').slice(0, 20)), CUT],
    ['cut in its body', (socket) => socket.end(answer('close').slice(0, -1)), CUT],
    ['that is none', (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'), /^NetworkError ERR_NETWORK HPE_/],
  ])('%s', async (_name, attack, expected) => {
    const server = await serveHostile(attack);
    const client = hostileClient(server, { connections: 1 });
    expectKind(await attempt(client, 'post', BODY), expected);
    await expectNextAnswer(client, server);
  });

  /** The first half at once, the second when all of the request has come. */
  function inTwo(socket, text) {
    socket.write(text.slice(0, 10));
    const rest = () => {
      if (socket.bytesRead < BODY.length) return;
      socket.off('data', rest).write(text.slice(10));
    };
    socket.on('data', rest);
  }

  test('lets go of a server that never reads the rest', async () => {
    const server = await serveHostile((socket) => socket.pause().write(answer('close')));
    const client = hostileClient(server);
    expectKind(await attempt(client, 'post', 'b'.repeat(16 * MIB)), REFUSED);
    await expectNextAnswer(client, server);
    const [{ socket }] = server.connections;
    socket.resume();
    await freed(server);
    expect(socket.bytesRead).toBeLessThan(16 * MIB);
  });
});

test('an answer to a request that was given up is nobody else’s', async () => {
  const reason = new Error('enough');
  let abort;
  const server = await serveHostile((socket) => {
    abort.abort(reason);
    socket.write(`${OK}content-length: 5\r\n\r\nstray`);
  });
  const client = hostileClient(server, { connections: 1 });
  for (let round = 0; round < 20; round++) {
    abort = new AbortController();
    await expect(client.get('/hostile', { signal: abort.signal })).rejects.toBe(reason);
    expectKind(await outcome(client.get(`/own-${round}`)), `200 /own-${round}`);
  }
});
