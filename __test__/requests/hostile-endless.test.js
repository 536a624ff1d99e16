'use strict';

const zlib = require('node:zlib');
const { closeServers, serve } = require('./servers.js');
const {
  MIB,
  NOT_HTTP,
  PATIENCE,
  TOO_LARGE,
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

/** By how much this process, server included, may grow over an answer without end: a br window is 16 MiB of it. */
const GROWTH = 64 * MIB;

/** For what nothing but time can end. */
const TIMEOUT = 1000;
const timedOut = (phase) => `TimeoutError ERR_TIMEOUT ${phase}`;

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const NOT_CHUNKED = 'NetworkError ERR_NETWORK HPE_INVALID_CHUNK_SIZE';
const coded = (coding, start = '') => `${OK}content-encoding: ${coding}\r\n\r\n${start}`;

const piece = (bytes) => {
  const buffer = Buffer.from(bytes, 'latin1');
  return Buffer.concat(Array(Math.ceil((64 * 1024) / buffer.length)).fill(buffer));
};

/** Sends `head`, then `loop` again and again, as fast as the client takes it. */
const serveEndless = (head, loop) => {
  const endless = piece(loop);
  return serveHostile((socket) => {
    socket.write(Buffer.from(head, 'latin1'));
    const more = () => {
      while (!socket.destroyed && socket.write(endless));
    };
    socket.on('drain', more);
    more();
  });
};

/** The most that resident memory grows by until `work` is done. */
async function growth(work) {
  const before = process.memoryUsage.rss();
  let peak = before;
  const look = () => (peak = Math.max(peak, process.memoryUsage.rss()));
  const looking = setInterval(look, 5);
  const result = await work();
  clearInterval(looking);
  look();
  return { result, grown: peak - before };
}

// Compressed zeros that can be said again and again: a member, a block after a flush, a run-length block.
const GZIP_HEAD = '\x1f\x8b\x08\0\0\0\0\0\0\x03';
const GZIP_WITH_A_NAME = '\x1f\x8b\x08\x08\0\0\0\0\0\x03';
const ZEROS = zlib.deflateRawSync(Buffer.alloc(MIB), { finishFlush: zlib.constants.Z_FULL_FLUSH });
const BR_HEAD = Buffer.from('abffff074002201e0b24f7fec100', 'hex').toString('latin1');
const BR_MIB_OF_ZEROS = Buffer.from('faff7f002400e2b00074ef1f0c', 'hex');
const ZSTD_HEAD = '\x28\xb5\x2f\xfd\0\x58';
const ZSTD_64_KIB_OF_ZEROS = Buffer.from([0x02, 0x00, 0x08, 0x00]);
const ZSTD_SKIPPED = Buffer.concat([Buffer.from('502a4d1800040000', 'hex'), Buffer.alloc(1024)]);

const HEADS = [
  ['a reason', 'HTTP/1.1 200 ', 'a', NOT_HTTP],
  ['a header line', `${OK}x-a: `, 'a', NOT_HTTP],
  ['a header name', OK, 'a', NOT_HTTP],
  ['headers', OK, 'x-a: 1\r\n', NOT_HTTP],
  ['empty lines', '', '\r\n', NOT_HTTP],
  ['noise', '', 'a', NOT_HTTP],
  ['1xx answers', '', 'HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n', either(timedOut('response'), NOT_HTTP)],
];

const BODIES = [
  ['chunks', CHUNKED, `10000\r\n${'a'.repeat(65_536)}\r\n`, TOO_LARGE],
  ['chunks of a byte', CHUNKED, '1\r\na\r\n', TOO_LARGE],
  ['one chunk', `${CHUNKED}${'F'.repeat(16)}\r\n`, 'a', TOO_LARGE],
  ['digits of a chunk size', CHUNKED, '0', NOT_CHUNKED],
  ['a chunk extension', `${CHUNKED}2;`, 'a', NOT_CHUNKED],
  ['chunk extensions', CHUNKED, `1;${'a'.repeat(1000)}\r\na\r\n`, NOT_CHUNKED],
  ['trailers', `${CHUNKED}0\r\n`, 'x-a: 1\r\n', NOT_CHUNKED],
  ['a trailer line', `${CHUNKED}0\r\nx-a: `, 'a', NOT_CHUNKED],
  ['a body to the end', `${OK}\r\n`, 'a', TOO_LARGE],
  ['gzip', coded('gzip', GZIP_HEAD), ZEROS, TOO_LARGE],
  ['gzip members', coded('gzip'), zlib.gzipSync(Buffer.alloc(MIB)), TOO_LARGE],
  ['empty gzip members', coded('gzip'), zlib.gzipSync(''), timedOut('body')],
  ['the name of a gzip member', coded('gzip', GZIP_WITH_A_NAME), 'a', timedOut('body')],
  ['deflate', coded('deflate', '\x78\x9c'), ZEROS, TOO_LARGE],
  ['raw deflate', coded('deflate'), ZEROS, TOO_LARGE],
  ['br', coded('br', BR_HEAD), BR_MIB_OF_ZEROS, TOO_LARGE],
  ['zstd', coded('zstd', ZSTD_HEAD), ZSTD_64_KIB_OF_ZEROS, TOO_LARGE],
  ['zstd frames to be skipped', coded('zstd'), ZSTD_SKIPPED, timedOut('body')],
  [
    'nested gzip, as it came',
    coded('gzip, gzip'),
    zlib.gzipSync(zlib.gzipSync(Buffer.alloc(MIB))),
    TOO_LARGE,
  ],
];

describe.each([
  ['head', HEADS],
  ['body', BODIES],
])('without end, in the %s', (_part, endless) => {
  test.each(endless)('%s', async (_name, head, loop, expected) => {
    const server = await serveEndless(head, loop);
    const timeout = String(expected).includes('TIMEOUT') ? TIMEOUT : undefined;
    const client = hostileClient(server, { connections: 1, ...(timeout && { timeout }) });
    const { result, grown } = await growth(() => attempt(client));
    expectKind(result, expected);
    expect(grown).toBeLessThan(GROWTH);
    await freed(server);
    await expectNextAnswer(client, server);
  });
});

/** 128 MiB of zeros, with a window of 1 GiB, which is not what RFC 7932 calls br. */
const BR_OF_A_LARGE_WINDOW = Buffer.from(
  'ER7///8BkACIxwIh9/6f////AEgAxGEBoHv/z///fwAkAOKwANC9/+f//z8AEgBxWADo3v/z//8fAAmAOCwAdO//+f//D4AEQBwWALr3//z//wdAAiAOCwDd+//8//8HIAEQhwWA7v0/',
  'base64',
);

test('br of a large window takes no more memory than br', async () => {
  const answer = `${OK}content-encoding: br\r\ncontent-length: ${BR_OF_A_LARGE_WINDOW.length}\r\n\r\n`;
  const server = await serveHostile((socket) =>
    socket.write(Buffer.concat([Buffer.from(answer), BR_OF_A_LARGE_WINDOW])),
  );
  const { result, grown } = await growth(() => attempt(hostileClient(server)));
  expectKind(result, either(TOO_LARGE, /^NetworkError ERR_NETWORK Z_\w+$/));
  expect(grown).toBeLessThan(GROWTH);
});

/** How many answers others get while one is under attack, one after the other. */
const OTHERS = 10;

test.each([
  ['1xx answers', '', 'HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n'],
  ['digits of a chunk size', CHUNKED, '0'],
  ['chunks of a byte', CHUNKED, '1\r\na\r\n'],
  ['chunks of a hundred bytes', CHUNKED, `64\r\n${'a'.repeat(100)}\r\n`],
  ['empty gzip members', coded('gzip'), zlib.gzipSync('')],
  ['gzip members of a byte', coded('gzip'), zlib.gzipSync('a')],
  ['gzip', coded('gzip', GZIP_HEAD), ZEROS],
  ['raw deflate', coded('deflate'), ZEROS],
  ['br', coded('br', BR_HEAD), BR_MIB_OF_ZEROS],
  ['zstd', coded('zstd', ZSTD_HEAD), ZSTD_64_KIB_OF_ZEROS],
  ['empty zstd frames', coded('zstd'), Buffer.from('28b52ffd0058010000', 'hex')],
])('%s without end hold up nobody else', async (_name, head, loop) => {
  const [hostile, other] = [await serveEndless(head, loop), await serve()];
  const client = hostileClient(other, { allowedOrigins: [hostile.url], maxResponseSize: 1024 * MIB });
  await outcome(client.get('/'));
  const abort = new AbortController();
  const attacked = outcome(
    client.get(`${hostile.url}/hostile`, { timeout: 10 * PATIENCE, signal: abort.signal }),
  ).catch((reason) => reason);
  // Each of these ends with TimeoutError long before the attack's time is over, if it has to wait for that.
  for (let round = 0; round < OTHERS; round++) expect((await outcome(client.get('/'))).kind).toBe('200 ok');
  abort.abort();
  // It was refused, or goes on still: nobody had to wait until its time was over.
  expect(await attacked).not.toMatchObject({ kind: expect.stringContaining('TIMEOUT') });
});
