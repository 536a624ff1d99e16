'use strict';

// Bodies in chunks and compressed ones, in the form of hostile-answers.js.

const zlib = require('node:zlib');
const { CUT, TOO_LARGE, either } = require('./hostile.js');

const GOOD = '200 ok';
const END = { end: true };
const NOT_CHUNKED = 'NetworkError ERR_NETWORK HPE_INVALID_CHUNK_SIZE';
const NOT_CODED = /^NetworkError ERR_NETWORK Z_\w+$/;
/** RFC 9112 leaves it to the client. */
const TOLERATED = either(GOOD, NOT_CHUNKED);

const chunked = (body) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}`;
const sized = (size) => chunked(`${size}\r\nok\r\n0\r\n\r\n`);
const bad = (sizes) => sizes.map((size) => [JSON.stringify(size), sized(size), NOT_CHUNKED]);
const trailed = (trailers) => chunked(`2\r\nok\r\n0\r\n${trailers}\r\n`);
const coded = (coding, bytes) =>
  `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bytes.length}\r\n\r\n${Buffer.from(bytes).toString('latin1')}`;

const CHUNK_SIZES = [
  ...bad(['-2', '+2', '0x2', ' 2', '\t2', '1 2', '2,', '2.', 'g', '', ';a']),
  ...bad(['\x002', '2\r', '2;a\rb', '2;a\nb']),
  ['17 digits', sized('10000000000000002'), NOT_CHUNKED],
  ['an overflow', sized('F'.repeat(17)), NOT_CHUNKED],
  ['2^64 - 1, cut', sized('F'.repeat(16)), CUT, END],
  ['2^63, cut', sized('8000000000000000'), CUT, END],
  ['leading zeros', sized(`${'0'.repeat(64)}2`), TOLERATED],
  ['a space after it', sized('2 '), TOLERATED],
  ['an extension', sized('2;a="b;c";d'), GOOD],
  ['an extension with a NUL', sized('2;\0'), TOLERATED],
  ['an extension of a megabyte', sized(`2;${'a'.repeat(1024 * 1024)}`), NOT_CHUNKED],
  ['a megabyte of extensions', chunked(`${'1;aaaaaa\r\na\r\n'.repeat(80_000)}0\r\n\r\n`), NOT_CHUNKED],
  ['bare LF', chunked('2\nok\n0\n\n'), NOT_CHUNKED],
  ['bare CR', chunked('2\rok\r0\r\r'), NOT_CHUNKED],
];

const CHUNK_ENDS = [
  ['bare LF', chunked('2\r\nok\n0\r\n\r\n'), NOT_CHUNKED],
  ['nothing', chunked('2\r\nok0\r\n\r\n'), NOT_CHUNKED],
  ['more data', chunked('2\r\nokay\r\n0\r\n\r\n'), NOT_CHUNKED],
  ['bare LF in the last', chunked('2\r\nok\r\n0\n\n'), NOT_CHUNKED],
  ['cut before all', chunked(''), CUT, END],
  ['cut in the size', chunked('2'), CUT, END],
  ['cut in the data', chunked('5\r\nok'), CUT, END],
  ['cut after the data', chunked('2\r\nok'), CUT, END],
  ['cut before the last', chunked('2\r\nok\r\n'), CUT, END],
  ['cut in the last', chunked('2\r\nok\r\n0'), CUT, END],
  ['cut before the empty line', chunked('2\r\nok\r\n0\r\n'), CUT, END],
];

const TRAILERS = [
  ['that frame', trailed('content-length: 99\r\ntransfer-encoding: xchunked\r\nconnection: x\r\n'), GOOD],
  ['that encode', trailed('content-encoding: gzip\r\n'), GOOD],
  ['with a space in the name', trailed('x a: 1\r\n'), either(GOOD, NOT_CHUNKED)],
  ['without a colon', trailed('x-a\r\n'), either(GOOD, NOT_CHUNKED)],
  ['with a NUL', trailed('x-a: \0\r\n'), either(GOOD, NOT_CHUNKED)],
  ['of a megabyte', trailed(`x-a: ${'a'.repeat(1024 * 1024)}\r\n`), NOT_CHUNKED],
  ['10 000', trailed('x-a: 1\r\n'.repeat(10_000)), NOT_CHUNKED],
  ['with bare LF', trailed('x-a: 1\n'), either(GOOD, NOT_CHUNKED, CUT), END],
  ['cut', chunked('2\r\nok\r\n0\r\nx-a: 1\r\n'), CUT, END],
];

const gzip = zlib.gzipSync('ok');
const twice = zlib.gzipSync(gzip);
const raw = (bytes) => `200 ${bytes.toString('latin1')}`;
/** `ok`, not compressed. */
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x11, 0x00, 0x00, 0x6f, 0x6b];
/** A frame that asks for a window of 128 MiB, and says nothing. */
const zstdOfHugeWindow = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3, 0x01, 0x00, 0x00];

const CODED = [
  ['gzip', coded('gzip', gzip), GOOD],
  ['zstd', coded('zstd', ZSTD), GOOD],
  ['GZip', coded('GZip', gzip), GOOD],
  ['gzip, gzip as it came', coded('gzip, gzip', twice), raw(twice)],
  ['gzip in two lines as it came', coded('gzip\r\ncontent-encoding: gzip', twice), raw(twice)],
  ['an unknown name as it came', coded('gzipped', gzip), raw(gzip)],
  ['no name as it came', coded('', gzip), raw(gzip)],
  ['identity', coded('identity', Buffer.from('ok')), GOOD],
  ['gzip that is none', coded('gzip', Buffer.from('ok')), NOT_CODED],
  ['gzip of another name', coded('br', gzip), NOT_CODED],
  ['gzip cut', coded('gzip', gzip.subarray(0, -9)), NOT_CODED],
  ['gzip cut in its checksum', coded('gzip', gzip.subarray(0, -1)), NOT_CODED],
  ['gzip cut in its head', coded('gzip', gzip.subarray(0, 5)), NOT_CODED],
  [
    'gzip with a wrong checksum',
    coded('gzip', Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(4), gzip.subarray(-4)])),
    NOT_CODED,
  ],
  ['gzip without its checksum', coded('gzip', gzip.subarray(0, -8)), GOOD],
  ['gzip and garbage', coded('gzip', Buffer.concat([gzip, Buffer.from('garbage')])), GOOD],
  ['gzip and zeros', coded('gzip', Buffer.concat([gzip, Buffer.alloc(512)])), GOOD],
  ...Object.entries({
    gzip,
    deflate: zlib.deflateSync('ok'),
    br: zlib.brotliCompressSync('ok'),
    zstd: ZSTD,
  }).map(([name, bytes]) => [`${name}, cut by the connection`, coded(name, bytes).slice(0, -4), CUT, END]),
  [
    'deflate and garbage',
    coded('deflate', Buffer.concat([zlib.deflateSync('ok'), Buffer.from('garbage')])),
    either(GOOD, NOT_CODED),
  ],
  ['zstd of a window of 128 MiB', coded('zstd', zstdOfHugeWindow), either(NOT_CODED, TOO_LARGE)],
];

module.exports = {
  'chunk size': CHUNK_SIZES,
  'chunk end': CHUNK_ENDS,
  trailers: TRAILERS,
  'content-encoding': CODED,
};
